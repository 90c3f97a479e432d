import type { AuditEvent, DenialCode } from '@bot-bottle/audit';
import type { PushDecision } from '@bot-bottle/git-gate';
import type { ForwardResult, RefUpdate, ScanReport } from '../contracts.ts';
import { GitGateServerError } from '../errors.ts';

/** What an event says of a push besides its outcome; bounded, without any content of it. */
export interface PushSubject {
  readonly repo: string;
  readonly updates: readonly RefUpdate[];
  /** names that may be written down: they were scanned, or the upstream has them already; a name can be a secret */
  readonly names: ReadonlySet<string>;
  readonly bytes: number;
  readonly scan: ScanReport | null;
  /** milliseconds of the stages that have ended */
  readonly times: Readonly<Record<string, number>>;
  /** id of the held push, null: it is not one */
  readonly held: string | null;
}

const SHOWN_REFS = 20;
const AUDIT_MS = 10_000;

/** One event of a push. */
export function pushEvent(
  subject: PushSubject,
  outcome: AuditEvent['outcome'],
  why: { readonly code: DenialCode | null; readonly rule: string | null; readonly reason?: string },
): Omit<AuditEvent, 'layer'> {
  const { repo, updates, names, bytes, scan, times, held } = subject;
  const more = updates.length - 1;
  const nameOf = (ref: string): string => (names.has(ref) ? ref : '(name withheld)');
  return {
    action: 'push',
    outcome,
    code: why.code,
    target: `${repo} ${nameOf(updates[0]?.ref ?? '')}${more > 0 ? ` and ${more} more` : ''}`,
    rule: why.rule,
    details: {
      refs: updates
        .slice(0, SHOWN_REFS)
        .map(({ ref, oldOid, newOid }) => `${nameOf(ref)} ${oldOid ?? 'none'}..${newOid ?? 'none'}`)
        .join('; '),
      count: updates.length,
      bytes,
      ...(scan === null ? {} : { scanner: scan.scanner, objects: scan.objects, scanned: scan.bytes }),
      ...Object.fromEntries(Object.entries(times).map(([name, ms]) => [`${name}_ms`, Math.round(ms)])),
      ...(held === null ? {} : { held }),
      ...(why.reason === undefined ? {} : { reason: why.reason }),
    },
  };
}

/**
 * The event of a decision that lets nothing pass.
 *
 * @param isNamed whether refs and paths may be written down
 */
export function deniedBy(
  { records }: PushDecision,
  isNamed: boolean,
): {
  readonly code: DenialCode | null;
  readonly rule: string | null;
  readonly reason?: string;
} {
  const said = records.flatMap((record) => (record.result === 'allowed' ? [] : [record]));
  const first = said.find(({ result }) => result === 'refused') ?? said[0];
  if (first === undefined) return { code: null, rule: null };
  const reason = `${first.subject}: ${first.why}${said.length > 1 ? ` (and ${said.length - 1} more)` : ''}`;
  return { code: first.code, rule: first.check, ...(isNamed ? { reason } : {}) };
}

/** The event of what the upstream made of it. */
export function forwardedEvent(
  subject: PushSubject,
  results: readonly ForwardResult[],
): Omit<AuditEvent, 'layer'> {
  const refused = results.find((result) => result.outcome === 'refused');
  if (refused?.outcome !== 'refused') return pushEvent(subject, 'done', { code: null, rule: null });
  const accepted = results.filter(({ outcome }) => outcome === 'accepted').length;
  const reason = `${refused.ref}: ${refused.why} (${accepted} of ${results.length} refs accepted)`;
  return pushEvent(subject, 'failed', { code: refused.code, rule: 'forward', reason });
}

/** Records an event, within 10 s. Throws GitGateServerError `audit_unavailable`: then nothing may pass. */
export async function recorded(written: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('not in time')), AUDIT_MS);
  });
  try {
    await Promise.race([written, late]);
  } catch (cause) {
    throw new GitGateServerError(
      'audit_unavailable',
      'the audit log cannot be written, so nothing may pass',
      {
        cause,
      },
    );
  } finally {
    clearTimeout(timer);
  }
}
