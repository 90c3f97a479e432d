import type { DenialAsk, DenialCode } from '@bot-bottle/audit';
import type { Finding } from '@bot-bottle/dlp';

/** Thrown inside an exchange to answer a denial. Nothing in it is secret. */
export class Denied extends Error {
  readonly code: DenialCode;
  readonly rule: string | null;
  readonly ask: DenialAsk | null;
  /** replaces the sentence of the denial table */
  readonly text: string | null;
  readonly findings: readonly Finding[];

  constructor(
    code: DenialCode,
    more: {
      readonly rule?: string | null;
      readonly ask?: DenialAsk | null;
      readonly text?: string | null;
      readonly findings?: readonly Finding[];
    } = {},
  ) {
    super(code);
    this.name = 'Denied';
    this.code = code;
    this.rule = more.rule ?? null;
    this.ask = more.ask ?? null;
    this.text = more.text ?? null;
    this.findings = more.findings ?? [];
  }
}
