import type { Applied, ProposalApplier } from '@bot-bottle/supervise';

/** A value that a human let pass to one host. */
export interface AllowedValue {
  readonly scheme: 'https' | 'http';
  readonly host: string;
  readonly rule: string;
  readonly sha256: string;
}

/** What was let pass while the bottle lives: egress forgets it when it is started anew. */
export class AllowedValues {
  readonly #values = new Map<string, AllowedValue>();

  add(value: AllowedValue): void {
    this.#values.set(`${value.scheme} ${value.host} ${value.rule} ${value.sha256}`, value);
  }

  list(): readonly AllowedValue[] {
    return [...this.#values.values()];
  }
}

/** Lets a held request go, and what was found in it from then on. */
export function dlpApplier(allowed: AllowedValues): ProposalApplier {
  return {
    apply: async ({ request }, _decision, { tell }): Promise<Applied> => {
      await tell();
      if (request.kind !== 'dlp-hold') return { outcome: 'approved', text: 'nothing to do', grant: null };
      const { scheme, host, findings } = request;
      for (const { rule, sha256 } of findings) allowed.add({ scheme, host, rule, sha256 });
      const what = findings.length === 1 ? 'value' : 'values';
      return {
        outcome: 'approved',
        text: `${findings.length} ${what} may leave to ${host} until the bottle ends`,
        grant: null,
      };
    },
  };
}
