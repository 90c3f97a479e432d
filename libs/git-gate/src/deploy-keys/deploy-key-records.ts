import { join } from 'node:path';
import { z } from 'zod';
import { DeployKeyError } from './error.ts';
import { deployKeyRecordSchema, type DeployKeyRecord } from './deploy-key-record.ts';
import { readPrivateFile, replaceFile } from './private-file.ts';

/** Name of the file in the state folder of a bottle. */
export const DEPLOY_KEYS_FILE = 'deploy-keys.json';

const fileSchema = z.strictObject({ version: z.literal(1), keys: z.array(deployKeyRecordSchema).max(1000) });

/**
 * The deploy keys of one bottle that a forge has or may have. Whoever uses it holds the lock of the bottle's state:
 * there is one writer at a time. Calls of one instance wait for each other.
 */
export class DeployKeyRecords {
  readonly #path: string;
  #last: Promise<unknown> = Promise.resolve();

  /** @param folder state folder of the bottle, private to the operator */
  constructor(folder: string) {
    this.#path = join(folder, DEPLOY_KEYS_FILE);
  }

  /** Every record, oldest first. @throws DeployKeyError `records_malformed`, `records_unavailable` */
  async list(): Promise<readonly DeployKeyRecord[]> {
    return await this.#inTurn(async () => await this.#read());
  }

  /** Stores a record for good: it is on the disk when this returns. @throws DeployKeyError */
  async add(record: DeployKeyRecord): Promise<void> {
    const added = deployKeyRecordSchema.parse(record);
    await this.#change((records) => [...records, added]);
  }

  /** Notes the id that the forge gave. @throws DeployKeyError */
  async setId(title: string, id: number): Promise<void> {
    await this.#change((records) => {
      if (records.every((each) => each.title !== title)) {
        throw new DeployKeyError('records_unavailable', `${this.#path} no longer lists ${title}`);
      }
      return records.map((each) => (each.title === title ? { ...each, id } : each));
    });
  }

  /** Forgets a key, which must be gone from the forge. @throws DeployKeyError */
  async remove(title: string): Promise<void> {
    await this.#change((records) => records.filter((each) => each.title !== title));
  }

  async #change(edit: (records: readonly DeployKeyRecord[]) => readonly DeployKeyRecord[]): Promise<void> {
    await this.#inTurn(async () => {
      const keys = edit(await this.#read());
      await replaceFile(this.#path, `${JSON.stringify({ version: 1, keys }, null, 2)}\n`);
    });
  }

  async #read(): Promise<readonly DeployKeyRecord[]> {
    const text = await readPrivateFile(this.#path);
    if (text === null) return [];
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      value = undefined;
    }
    const parsed = fileSchema.safeParse(value);
    if (parsed.success) return parsed.data.keys;
    const [issue] = parsed.error.issues;
    const where =
      value === undefined ? 'is not JSON' : `at ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
    throw new DeployKeyError('records_malformed', `${this.#path} is not a list of deploy keys: ${where}`, {
      hint: 'remove the keys titled bot-bottle/… at the forge by hand, then this file; it is left as it is',
    });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return await turn;
  }
}
