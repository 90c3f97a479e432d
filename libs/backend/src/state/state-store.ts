import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BackendError } from '../errors.ts';
import { isIdentity } from './identity.ts';
import { metadataSchema, type Metadata } from './metadata.ts';
import { removeTree } from './remove-tree.ts';
import { lockHolder, takeLock, type StateLock } from './state-lock.ts';

export interface StateEntry {
  readonly identity: string;
  readonly stateDir: string;
  /** null when there is none or it is no JSON object */
  readonly metadata: Metadata | null;
  readonly preserved: boolean;
}

/** The folders of what bottles leave on the host: `<home>/state/<identity>/`. */
export class StateStore {
  readonly #root: string;

  constructor(botBottleHome: string) {
    this.#root = join(botBottleHome, 'state');
  }

  /** @throws BackendError `state_invalid` when the text cannot be an identity */
  dir(identity: string): string {
    if (!isIdentity(identity)) {
      throw new BackendError('state_invalid', `${JSON.stringify(identity)} is not the identity of a bottle`, {
        data: { identity },
      });
    }
    return join(this.#root, identity);
  }

  /** Makes the folder of a new identity, or takes over a preserved one. */
  async create(identity: string, metadata: Metadata): Promise<string> {
    const dir = this.dir(identity);
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await this.write(identity, metadata);
    return dir;
  }

  /** Replaces `metadata.json` whole. */
  async write(identity: string, metadata: Metadata): Promise<void> {
    await this.writeText(identity, `${JSON.stringify(metadata, null, 2)}\n`);
  }

  /** `metadata.json` as it is, to be written back by `writeText`: another version may have written keys of its own. */
  async readText(identity: string): Promise<string> {
    return await readFile(join(this.dir(identity), 'metadata.json'), 'utf8');
  }

  async writeText(identity: string, text: string): Promise<void> {
    const file = join(this.dir(identity), 'metadata.json');
    await writeFile(`${file}.new`, text, { mode: 0o600 });
    await rename(`${file}.new`, file);
  }

  /**
   * Makes the folder if need be and takes the identity for this process.
   *
   * @throws BackendError `state_locked`
   */
  async lock(identity: string): Promise<StateLock> {
    const dir = this.dir(identity);
    await mkdir(dir, { recursive: true, mode: 0o700 });
    return await takeLock(dir, identity);
  }

  /**
   * Takes an identity that has a state; makes nothing.
   *
   * @throws BackendError `state_locked`, `state_missing`
   */
  async lockExisting(identity: string): Promise<StateLock> {
    if (!(await this.exists(identity))) throw missing(identity);
    return await takeLock(this.dir(identity), identity);
  }

  /** Process id of the living process that holds the identity, null: none does. Changes nothing. */
  async holder(identity: string): Promise<number | null> {
    return await lockHolder(this.dir(identity));
  }

  async exists(identity: string): Promise<boolean> {
    return await isThere(this.dir(identity));
  }

  /** @throws BackendError `state_missing` when there is no usable metadata: nothing is guessed */
  async read(identity: string): Promise<StateEntry & { metadata: Metadata }> {
    const entry = await this.#entry(identity);
    if (entry.metadata === null) throw missing(identity);
    return { ...entry, metadata: entry.metadata };
  }

  /** Every state folder, by start time and identity; those without metadata first. */
  async list(): Promise<StateEntry[]> {
    const names = await readdir(this.#root).catch(() => []);
    const entries = await Promise.all(
      names.filter((name) => isIdentity(name)).map((name) => this.#entry(name)),
    );
    return entries.toSorted((a, b) => compare(sortKey(a), sortKey(b)) || compare(a.identity, b.identity));
  }

  /** Marks the state as kept after the end, with the reason. */
  async preserve(identity: string, reason: string): Promise<void> {
    await writeFile(join(this.dir(identity), '.preserve'), `${reason}\n`, { mode: 0o600 });
  }

  /** Takes that mark back. */
  async unpreserve(identity: string): Promise<void> {
    await rm(join(this.dir(identity), '.preserve'), { force: true });
  }

  /** Why the state is kept, null: it is not. */
  async keepReason(identity: string): Promise<string | null> {
    const text = await readFile(join(this.dir(identity), '.preserve'), 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    });
    return text === null ? null : text.trim();
  }

  async isPreserved(identity: string): Promise<boolean> {
    return await isThere(join(this.dir(identity), '.preserve'));
  }

  async remove(identity: string): Promise<void> {
    await removeTree(this.dir(identity));
  }

  async #entry(identity: string): Promise<StateEntry> {
    const stateDir = this.dir(identity);
    const text = await readFile(join(stateDir, 'metadata.json'), 'utf8').catch(() => null);
    return {
      identity,
      stateDir,
      metadata: text === null ? null : parse(text),
      preserved: await this.isPreserved(identity),
    };
  }
}

function missing(identity: string): BackendError {
  return new BackendError('state_missing', `there is no state of ${identity}`, {
    hint: 'bot-bottle list preserved shows what can be resumed',
    data: { identity },
  });
}

function parse(text: string): Metadata | null {
  try {
    const result = metadataSchema.safeParse(JSON.parse(text));
    return result.success ? result.data : null;
  } catch {
    return null;
  }
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

const sortKey = (entry: StateEntry): string => entry.metadata?.started_at ?? '';
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
