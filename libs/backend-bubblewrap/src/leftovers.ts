import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BackendError, type Leftover, removeTree } from '@bot-bottle/backend';
import { stateDirOf } from './home-folder.ts';
import { type HostFolders, requireOwnFolder } from './host-folders.ts';
import { releaseHostUsers } from './host-users.ts';
import { identityOfDraft } from './runtime-folder.ts';
import { isAlive, readRecord } from './runtime-record.ts';
import { removeScratch, scratchRoot } from './scratch-folder.ts';

const END_LIMIT_MS = 5000;

/**
 * What bottles left behind whose owner is gone: sandboxes still running, runtime folders, homes without a state.
 *
 * @throws BackendError `home_unsafe` when somebody else could have written the records
 */
export async function findLeftovers(
  folders: HostFolders,
  live: ReadonlySet<string>,
): Promise<readonly Leftover[]> {
  const found: Leftover[] = [];
  const hasRuntime = await requireOwnFolder(folders.runtime);
  for (const identity of hasRuntime ? await names(folders.runtime) : []) {
    if (live.has(identity)) continue;
    const folder = join(folders.runtime, identity);
    const record = await readRecord(folder);
    // it is just being started or stopped
    if (record !== null && isAlive(record.owner)) continue;
    for (const mark of record?.sandboxes.filter(isAlive) ?? [])
      found.push(
        leftover('process', identity, `process ${mark.pid} of ${identity}`, async () => {
          if (isAlive(mark)) process.kill(mark.pid, 'SIGKILL');
          // what it runs could still write to the folders that are removed next
          for (const start = Date.now(); isAlive(mark) && Date.now() - start < END_LIMIT_MS;) await delay(2);
        }),
      );
    found.push(
      leftover('folder', identity, `runtime folder ${folder}`, async () => {
        // somebody may have resumed it since it was found
        if (await running(folders, identity)) throw stillRuns(identity);
        if (record !== null) await removeScratch({ ...record, homes: folders.homes });
        await removeTree(folder);
        await releaseHostUsers(join(folders.runtime, '.users'), identity);
      }),
    );
  }
  // of a launcher that died within the moment that making one takes
  for (const { identity, draft } of hasRuntime ? await drafts(folders.runtime) : []) {
    if (!(await isAbandoned(draft))) continue;
    found.push(
      leftover('folder', identity, `runtime folder ${draft}`, async () => {
        if (!(await isAbandoned(draft))) throw stillRuns(identity);
        await removeTree(draft);
      }),
    );
  }
  for (const identity of folders.homes === null ? [] : await names(folders.homes)) {
    const base = join(folders.homes ?? '', identity);
    const stateDir = await stateDirOf(base);
    if (
      live.has(identity) ||
      (await running(folders, identity)) ||
      (stateDir !== null && (await exists(stateDir)))
    )
      continue;
    found.push(
      leftover('folder', identity, `home ${base}`, async () => {
        if (await running(folders, identity)) throw stillRuns(identity);
        await removeTree(base);
      }),
    );
  }
  // the rest of those whose runtime folder went with a restart of the host
  const scratch = folders.homes === null ? null : scratchRoot(folders.homes);
  for (const identity of scratch === null ? [] : await names(scratch)) {
    const path = join(scratch ?? '', identity);
    if (live.has(identity) || (await running(folders, identity))) continue;
    found.push(
      leftover('folder', identity, `folders of the sidecars of ${identity} (${path})`, async () => {
        if (await running(folders, identity)) throw stillRuns(identity);
        await removeTree(path);
      }),
    );
  }
  return found;
}

function stillRuns(identity: string): BackendError {
  return new BackendError('state_locked', `kept, because ${identity} runs now`, { data: { identity } });
}

function leftover(
  kind: Leftover['kind'],
  identity: string,
  description: string,
  remove: () => Promise<void>,
): Leftover {
  return { backend: 'bubblewrap', kind, identity, description, remove };
}

async function drafts(folder: string): Promise<Array<{ identity: string; draft: string }>> {
  const entries = await readdir(folder).catch(() => []);
  return entries.flatMap((name) => {
    const identity = identityOfDraft(name);
    return identity === null ? [] : [{ identity, draft: join(folder, name) }];
  });
}

/** Without a record it is a moment old. */
async function isAbandoned(draft: string): Promise<boolean> {
  const record = await readRecord(draft);
  return record !== null && !isAlive(record.owner);
}

async function names(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .toSorted();
}

async function running(folders: HostFolders, identity: string): Promise<boolean> {
  const record = await readRecord(join(folders.runtime, identity));
  return record !== null && isAlive(record.owner);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
