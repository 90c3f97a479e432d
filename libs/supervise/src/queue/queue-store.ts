import { lstat, readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { visibleLine } from '@bot-bottle/audit';
import { SuperviseError } from '../error.ts';
import { proposalDigest } from '../proposal-digest.ts';
import { proposalId, proposalSchema, responseSchema, type Proposal, type Response } from '../proposal.ts';
import { codeOf, isPrivateFolder, privateFolder, unavailable } from './private-folder.ts';
import { readOwn, writeOnce } from './queue-file.ts';

const folders = ['proposals', 'responses', 'processed', 'malformed'] as const;
type Folder = (typeof folders)[number];

/** Answered proposals of one bottle that are kept; the audit log has all of them. */
export const MAX_PROCESSED = 200;

const slugPattern = /^[a-z0-9][a-z0-9-]{0,63}$/;

export interface QueueEntry {
  readonly proposal: Proposal;
  readonly digest: string;
  /** null: nobody has answered */
  readonly response: Response | null;
}

export interface QueueListing {
  /** by arrival */
  readonly entries: readonly QueueEntry[];
  /** files that are not what they should be, one visible line each; they were set aside */
  readonly problems: readonly string[];
}

/**
 * The queue of one bottle: `<root>/<slug>/{proposals,responses,processed,malformed}`, 0700 and 0600. Only processes of
 * the host write it. Names of files are made from ids that this host made, never from what a bottle says.
 */
export class QueueStore {
  readonly #root: string;
  readonly #slug: string;

  /**
   * @param root e.g. `~/.bot-bottle/queue`
   * @throws SuperviseError `queue_unsafe` for a slug that could leave the folder
   */
  constructor(root: string, slug: string) {
    if (!slugPattern.test(slug)) {
      throw new SuperviseError('queue_unsafe', `${visibleLine(JSON.stringify(slug), 100)} is not a bottle`);
    }
    this.#root = root;
    this.#slug = slug;
  }

  /**
   * Stores a proposal for good.
   *
   * @throws SuperviseError `queue_unavailable` (also when there is one of that id), `queue_unsafe`
   */
  async add(proposal: Proposal): Promise<void> {
    await this.#prepare();
    const stored = proposalSchema.parse(proposal);
    if (stored.bottle !== this.#slug)
      throw new SuperviseError('queue_unsafe', 'a proposal of another bottle');
    if (await writeOnce(this.#dir('proposals'), `${stored.id}.json`, json(stored))) return;
    throw new SuperviseError('queue_unavailable', `there is a proposal ${stored.id} already`);
  }

  /**
   * Records how a proposal ended, and moves it away from those that are open. The first response stays.
   *
   * @throws SuperviseError `already_decided`, `queue_unavailable`, `queue_unsafe`
   */
  async respond(response: Response): Promise<void> {
    await this.#prepare();
    const { id } = responseSchema.parse(response);
    if (!(await writeOnce(this.#dir('responses'), `${id}.json`, json(response)))) {
      throw new SuperviseError('already_decided', `the proposal ${id} is decided already`);
    }
    await this.#move(`${id}.json`, 'proposals', 'processed');
    await this.#prune();
  }

  /** Every proposal that is kept; a file that is none is set aside in `malformed/` and reported. */
  async list(): Promise<QueueListing> {
    if (!(await this.#exists())) return { entries: [], problems: [] };
    const problems: string[] = [];
    const entries = new Map<string, QueueEntry>();
    // In the order in which they are moved, so that one that is moved meanwhile is seen once at least.
    for (const folder of ['proposals', 'processed'] as const) {
      for (const name of await this.#names(folder)) {
        const entry = await this.#entry(folder, name, problems);
        if (entry !== null) entries.set(name, entry);
      }
    }
    const sorted = [...entries.values()].toSorted((a, b) => (a.proposal.id < b.proposal.id ? -1 : 1));
    return { entries: sorted, problems };
  }

  async #entry(folder: Folder, name: string, problems: string[]): Promise<QueueEntry | null> {
    const proposal = await this.#read(folder, name, problems, (value) => {
      const parsed = proposalSchema.safeParse(value);
      return parsed.success && `${parsed.data.id}.json` === name && parsed.data.bottle === this.#slug
        ? parsed.data
        : null;
    });
    if (proposal === null) return null;
    const digest = proposalDigest(proposal);
    const response = await this.#read('responses', name, problems, (value) => {
      const parsed = responseSchema.safeParse(value);
      return parsed.success && parsed.data.id === proposal.id && parsed.data.digest === digest
        ? parsed.data
        : null;
    });
    // Whoever wrote the response died before he could move the proposal.
    if (response !== null && folder === 'proposals') await this.#move(name, 'proposals', 'processed');
    // An old one may have been removed between the two reads.
    if (
      response === null &&
      folder === 'processed' &&
      (await readOwn(join(this.#dir(folder), name))) === null
    )
      return null;
    return { proposal, digest, response };
  }

  async #read<T>(
    folder: Folder,
    name: string,
    problems: string[],
    parse: (value: unknown) => T | null,
  ): Promise<T | null> {
    const isNamed = name.endsWith('.json') && proposalId.safeParse(name.slice(0, -'.json'.length)).success;
    const found = isNamed
      ? await readOwn(join(this.#dir(folder), name))
      : { problem: 'is not the name of a proposal' };
    if (found === null) return null;
    let problem = 'is not what belongs here';
    if ('problem' in found) ({ problem } = found);
    else {
      try {
        const parsed = parse(JSON.parse(found.text));
        if (parsed !== null) return parsed;
      } catch {
        problem = 'is not JSON';
      }
    }
    const moved = await this.#setAside(folder, name);
    problems.push(
      `${visibleLine(`${this.#slug}/${folder}/${name}`, 300)} ${problem}${moved ? '; set aside in malformed/' : ''}`,
    );
    return null;
  }

  async #setAside(folder: Folder, name: string): Promise<boolean> {
    await privateFolder(this.#dir('malformed'));
    const target = join(this.#dir('malformed'), `${Date.now()}-${folder}-${name}`);
    return await rename(join(this.#dir(folder), name), target).then(
      () => true,
      () => false,
    );
  }

  async #move(name: string, from: Folder, to: Folder): Promise<void> {
    await rename(join(this.#dir(from), name), join(this.#dir(to), name)).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw unavailable(this.#dir(to), error);
    });
  }

  /** A hostile sidecar that dies again and again must not fill the disk. */
  async #prune(): Promise<void> {
    const names = await this.#names('processed');
    for (const name of names.slice(0, Math.max(0, names.length - MAX_PROCESSED))) {
      for (const folder of ['processed', 'responses'] as const) {
        await unlink(join(this.#dir(folder), name)).catch(() => undefined);
      }
    }
  }

  async #names(folder: Folder): Promise<string[]> {
    if (!(await isPrivateFolder(this.#dir(folder)))) return [];
    const names: string[] = await readdir(this.#dir(folder));
    return names.filter((name) => !name.startsWith('.tmp-')).toSorted();
  }

  #dir(folder: Folder): string {
    return join(this.#root, this.#slug, folder);
  }

  async #exists(): Promise<boolean> {
    return (await isPrivateFolder(this.#root)) && (await isPrivateFolder(join(this.#root, this.#slug)));
  }

  async #prepare(): Promise<void> {
    await privateFolder(this.#root);
    await privateFolder(join(this.#root, this.#slug));
    for (const folder of folders) await privateFolder(this.#dir(folder));
  }
}

/** Slugs of the bottles that have a queue, sorted; what cannot be one is passed over. */
export async function queuedBottles(root: string): Promise<string[]> {
  if (!(await isPrivateFolder(root))) return [];
  const found: string[] = [];
  for (const name of await readdir(root)) {
    const isFolder = await lstat(join(root, name)).then(
      (entry) => entry.isDirectory(),
      () => false,
    );
    if (slugPattern.test(name) && isFolder) found.push(name);
  }
  return found.toSorted();
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
