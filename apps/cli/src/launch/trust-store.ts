import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CliError } from '../cli-error.ts';

const storeSchema = z.strictObject({
  version: z.literal(1),
  agents: z.array(
    z.strictObject({
      hash: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .describe('SHA-256 of the file'),
      name: z.string().describe('name of the agent when it was trusted'),
      file: z.string().nullable().describe('where it was'),
      trusted_at: z.string().describe('ISO 8601, UTC'),
    }),
  ),
});
type Store = z.output<typeof storeSchema>;

/** Repository agents that the operator has read: each content hash is confirmed once. */
export class TrustStore {
  readonly #file: string;

  constructor(botBottleHome: string) {
    this.#file = join(botBottleHome, 'trusted-agents.json');
  }

  /** @throws CliError `failed` when the file is damaged: trust is never guessed */
  async isTrusted(hash: string): Promise<boolean> {
    return (await this.#read()).agents.some((agent) => agent.hash === hash);
  }

  async trust(agent: {
    readonly hash: string;
    readonly name: string;
    readonly file: string | null;
  }): Promise<void> {
    const store = await this.#read();
    if (store.agents.some(({ hash }) => hash === agent.hash)) return;
    const next: Store = {
      version: 1,
      agents: [...store.agents, { ...agent, trusted_at: new Date().toISOString() }],
    };
    const draft = `${this.#file}.${process.pid}`;
    await writeFile(draft, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600 });
    await rename(draft, this.#file);
  }

  async #read(): Promise<Store> {
    let text: string;
    try {
      text = await readFile(this.#file, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
        return { version: 1, agents: [] };
      throw this.#damaged('cannot be read');
    }
    try {
      return storeSchema.parse(JSON.parse(text));
    } catch {
      throw this.#damaged('is damaged');
    }
  }

  #damaged(what: string): CliError {
    return new CliError('failed', `${this.#file} ${what}`, {
      hint: 'remove it; repository agents are then confirmed anew',
    });
  }
}
