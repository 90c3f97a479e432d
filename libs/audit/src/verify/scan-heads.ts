import { GENESIS, sha256 } from '../audit-line.ts';
import { headsFile } from '../audit-paths.ts';
import { readFileLines } from '../file-lines.ts';
import { isGenuineHead, parseHead } from '../head-line.ts';
import type { HeadLine } from '../head-line.ts';
import type { AuditProblem } from './contracts.ts';

export interface ScannedHeads {
  /** genuine heads of the bottle, in file order */
  readonly heads: readonly HeadLine[];
  readonly problems: readonly AuditProblem[];
}

function problem(line: number, message: string): AuditProblem {
  return { kind: 'heads-changed', layer: null, file: 'heads.jsonl', line, message };
}

/** Checks the chain of heads.jsonl and picks one bottle's heads. An unfinished last line may be a write going on. */
export async function scanHeads(dir: string, bottle: string, signal?: AbortSignal): Promise<ScannedHeads> {
  const heads: HeadLine[] = [];
  const problems: AuditProblem[] = [];
  let n = 0;
  let prev = GENESIS;
  let number = 0;
  for await (const { text, complete } of readFileLines(headsFile(dir), { signal })) {
    if (!complete) break;
    number += 1;
    const head = parseHead(text);
    if (head === null || !isGenuineHead(text, head)) {
      problems.push(problem(number, 'the head was changed'));
      // The writer continues a damaged line like this, so one damage is one problem.
      [n, prev] = head === null ? [0, sha256(text)] : [head.n, head.head];
      continue;
    }
    if (head.n !== n + 1 || head.prev !== prev) {
      problems.push(problem(number, 'heads before this one were changed, removed, inserted or reordered'));
    }
    [n, prev] = [head.n, head.head];
    if (head.bottle === bottle) heads.push(head);
  }
  return { heads, problems };
}
