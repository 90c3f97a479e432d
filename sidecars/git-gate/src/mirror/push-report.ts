import { visibleLine } from '@bot-bottle/audit';
import type { ForwardResult } from '../contracts.ts';

/** What `git push --porcelain` says of one ref. */
export interface PushedRefReport {
  readonly ref: string;
  readonly flag: string;
  /** e.g. `[remote rejected] (pre-receive hook declined)` */
  readonly summary: string;
}

const reportLine = /^([ +\-*!=])\t[^\t]*:([^\t:]+)\t(.*)$/;

/** git-push(1), OUTPUT: `<flag>\t<from>:<to>\t<summary> (<reason>)`. */
export function parsePushReport(text: string): PushedRefReport[] {
  return text.split('\n').flatMap((line) => {
    const [, flag, ref, summary] = reportLine.exec(line) ?? [];
    return flag === undefined || ref === undefined || summary === undefined ? [] : [{ flag, ref, summary }];
  });
}

/** Words of git, on this side and at the upstream, for a ref that is not what the lease says. */
const stale =
  /stale info|fetch first|non-fast-forward|needs force|already exists|is at [0-9a-f]+ but expected|incorrect old value|unable to resolve reference/;

/** `null`: whether the ref moved is not known. */
export function toForwardResult({ ref, flag, summary }: PushedRefReport): ForwardResult | null {
  if (flag !== '!') return { ref, outcome: 'accepted' };
  // "remote failed to report status", "unable to …": the connection ended in between
  if (!/^\[(?:remote )?rejected\] /.test(summary)) return null;
  const reason = visibleLine(/\((.*)\)$/s.exec(summary)?.[1] ?? summary);
  if (stale.test(summary)) {
    const why = `the upstream has something else than was fetched last (${reason}): fetch and push again`;
    return { ref, outcome: 'refused', code: 'stale_ref', why };
  }
  return { ref, outcome: 'refused', code: 'upstream_rejected', why: `the upstream refused it: ${reason}` };
}

/** A ref that stays where it is only because another one of the same push was refused. */
export function refusedWithOthers(ref: string, code: 'stale_ref' | 'upstream_rejected'): ForwardResult {
  return { ref, outcome: 'refused', code, why: 'not moved, because another ref of this push was refused' };
}
