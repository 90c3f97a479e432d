import { GitGateServerError } from '../errors.ts';
import { MAX_FINDINGS, type RawFinding } from './scanned-object.ts';

/** What a scanner found in windows that overlap, each finding once, as the window tells it that shows most around it. */
export class KeptFindings {
  readonly #findings = new Map<string, RawFinding>();

  /** @throws GitGateServerError `limit_exceeded` when there are more than anyone can look at */
  keep(finding: RawFinding): void {
    const { rule, object, start, sha256 } = finding;
    const key = `${rule} ${object.oid ?? object.type} ${object.path ?? ''} ${start ?? ''} ${sha256}`;
    const kept = this.#findings.get(key);
    if (kept === undefined || shown(finding) > shown(kept)) this.#findings.set(key, finding);
    if (this.#findings.size > MAX_FINDINGS) {
      throw new GitGateServerError('limit_exceeded', 'the push holds too many things that look like secrets');
    }
  }

  all(): readonly RawFinding[] {
    return [...this.#findings.values()];
  }
}

function shown({ excerpt }: RawFinding): number {
  return excerpt?.bytes.length ?? 0;
}
