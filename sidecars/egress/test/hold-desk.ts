import { ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import { proposalRequestSchema } from '@bot-bottle/supervise';
import type { ProposalRequest } from '@bot-bottle/supervise';
import type { Proxy } from './harness.ts';
import { until } from './harness.ts';

export type DlpHold = Extract<ProposalRequest, { kind: 'dlp-hold' }>;

/** The launcher's part of a held request: it takes proposals as the real one does, and a test answers them. */
export class HoldDesk {
  /** what was asked, by arrival */
  readonly asked: DlpHold[] = [];
  /** messages that arrived, joined ones too */
  messages = 0;
  /** told instead of an id */
  refusal: string | null = null;
  /** resolved before an id is told */
  gate: Promise<void> = Promise.resolve();
  readonly #ids = new Map<string, string>();

  readonly propose = async (raw: unknown): Promise<unknown> => {
    this.messages += 1;
    const request = proposalRequestSchema.parse(raw);
    if (request.kind !== 'dlp-hold') throw new Error(request.kind);
    if (this.refusal !== null) throw new ProtocolRefusal(this.refusal);
    const key = JSON.stringify(request);
    const id = this.#ids.get(key) ?? idOf(this.asked.length);
    if (!this.#ids.has(key)) {
      this.#ids.set(key, id);
      this.asked.push(request);
    }
    await this.gate;
    return { id };
  };

  /** Waits for the question with that number and answers it. */
  async answer(proxy: Proxy, index: number, outcome: 'approved' | 'rejected', reason = ''): Promise<void> {
    await until(() => this.asked.length > index);
    for (const [key, id] of this.#ids) if (id === idOf(index)) this.#ids.delete(key);
    await proxy.server.decide({ proposal: idOf(index), outcome, reason });
  }
}

export function idOf(index: number): string {
  return String(index).padStart(16, '0');
}
