import type { AuditLog } from '@bot-bottle/audit';
import {
  DeployKeyRecords,
  forgeClient,
  provisionDeployKey,
  revokeDeployKey,
  targetOf,
  type DeployKeyRecord,
} from '@bot-bottle/git-gate';
import type { BottlePlan, ProvisionedKeyPlan } from '../plan/bottle-plan.ts';
import { SecretStore } from '../secrets/secret-store.ts';
import { allOrFirstError } from './all-or-first-error.ts';
import { hostEvent } from './owner-audit.ts';

/** milliseconds that the end of a bottle waits for its forges; what is left then is for `bot-bottle cleanup` */
const revokeLimitMs = 20_000;

export interface DeployKeysOptions {
  readonly plan: Pick<BottlePlan, 'identity' | 'stateDir' | 'gitGate'>;
  /** host variable → token of a forge */
  readonly forgeTokens: SecretStore;
}

/**
 * The deploy keys of one launch: made for it, registered with their forges, and revoked at its end. The launcher alone
 * holds the forge tokens. Records in the state folder make that a crash at any point leaves no key that
 * `bot-bottle cleanup` cannot find.
 */
export class DeployKeys {
  readonly #options: DeployKeysOptions;
  #audit: Pick<AuditLog, 'append'> | null = null;
  #hasLeft = false;

  constructor(options: DeployKeysOptions) {
    this.#options = options;
  }

  /** whether the plan wants any */
  get isNeeded(): boolean {
    return this.#wanted.length > 0;
  }

  /** whether a key may still be registered after `revoke`; the state must be kept then */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  get #wanted(): readonly ProvisionedKeyPlan[] {
    return this.#options.plan.gitGate?.provisioned ?? [];
  }

  /**
   * Makes and registers every key. After a failure the others are settled, and `revoke` finds them all.
   *
   * @returns slot of the git gate → private key
   * @throws DeployKeyError
   */
  async provision(audit: Pick<AuditLog, 'append'>, signal?: AbortSignal): Promise<SecretStore> {
    this.#audit = audit;
    const keys = new SecretStore();
    if (!this.isNeeded) return keys;
    const { identity, stateDir } = this.#options.plan;
    const records = new DeployKeyRecords(stateDir);
    await allOrFirstError(
      this.#wanted.map(async ({ repo, slot, forge, host, apiUrl, repoPath, tokenRef, readOnly }) => {
        const client = forgeClient({
          provider: forge,
          host,
          apiUrl,
          repoPath,
          tokenRef: tokenRef.name,
          token: this.#options.forgeTokens.get(tokenRef.name) ?? '',
          ...(signal === undefined ? {} : { signal }),
        });
        const { privateKey, record } = await provisionDeployKey({ records, client, identity, readOnly });
        keys.set(slot, privateKey);
        await this.#note('done', 'deploy-key', record, { repo, read_only: readOnly });
      }),
    );
    return keys;
  }

  /**
   * Revokes every key that is recorded, side by side.
   *
   * @returns a warning for each that may still be registered
   */
  async revoke(): Promise<readonly string[]> {
    const { stateDir } = this.#options.plan;
    const records = new DeployKeyRecords(stateDir);
    let recorded: readonly DeployKeyRecord[];
    try {
      recorded = await records.list();
    } catch (error) {
      this.#hasLeft = true;
      return [`DEPLOY KEYS MAY STILL BE REGISTERED: ${reasonOf(error)}`];
    }
    const signal = AbortSignal.timeout(revokeLimitMs);
    const revoking = recorded.map(async (record) => await this.#revokeOne(records, record, signal));
    const warnings = await Promise.all(revoking);
    return warnings.filter((warning) => warning !== null);
  }

  async #revokeOne(
    records: DeployKeyRecords,
    record: DeployKeyRecord,
    signal: AbortSignal,
  ): Promise<string | null> {
    try {
      await revokeRecordedKey(records, record, this.#options.forgeTokens.get(record.tokenRef), signal);
      await this.#note('done', 'deploy-key-revoke', record);
      return null;
    } catch (error) {
      this.#hasLeft = true;
      await this.#note('failed', 'deploy-key-revoke', record);
      return `A DEPLOY KEY MAY STILL BE REGISTERED: ${describeDeployKey(record)}: ${reasonOf(error)}; bot-bottle cleanup revokes it`;
    }
  }

  /** Best effort: a key must be revoked whether that can be written down or not. */
  async #note(
    outcome: 'done' | 'failed',
    action: string,
    { forge, host, repoPath, title, fingerprint }: DeployKeyRecord,
    details: Readonly<Record<string, string | boolean>> = {},
  ): Promise<void> {
    const event = hostEvent(action, outcome, `${host}${repoPath}`, { forge, title, fingerprint, ...details });
    await this.#audit?.append([event]).catch(() => undefined);
  }
}

/**
 * Removes one key from its forge and then from the records. Hold the lock of the state.
 *
 * @param records of that state, the one instance of whoever holds that lock
 * @param token undefined: the variable is not set; the error names it and the record is kept
 * @throws DeployKeyError
 */
export async function revokeRecordedKey(
  records: DeployKeyRecords,
  record: DeployKeyRecord,
  token: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const client = forgeClient({ ...targetOf(record), token: token ?? '', signal });
  await revokeDeployKey(record, client, records);
}

/** Forge, repository and title of a key, for a human. */
export function describeDeployKey({ forge, host, repoPath, title }: DeployKeyRecord): string {
  return `${title} of ${host}${repoPath} (${forge})`;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown failure';
  const hint: unknown = Reflect.get(error, 'hint');
  return typeof hint === 'string' ? `${error.message} (${hint})` : error.message;
}
