import { GENESIS } from '../audit-line.ts';
import type { HeadLine } from '../head-line.ts';
import { CLOSED_ACTION, RECOVERED_ACTION } from '../reserved-actions.ts';
import { chooseLines } from './choose-lines.ts';
import type { AuditNote, AuditProblem, ProblemKind, ScannedLayer, ScannedLine } from './contracts.ts';
import { fillGap, findGaps } from './gaps.ts';
import { longestRun } from './longest-run.ts';

export interface Examination {
  readonly problems: readonly AuditProblem[];
  readonly notes: readonly AuditNote[];
}

/** Compares the lines of one layer with each other and with its heads. Pure. */
export function examineChain(layer: ScannedLayer, heads: readonly HeadLine[], live: boolean): Examination {
  const problems: AuditProblem[] = [];
  const changed = new Set<ScannedLine>();
  const report = (kind: ProblemKind, at: ScannedLine | null, message: string): void => {
    if (kind === 'changed' && at !== null) {
      if (changed.has(at)) return;
      changed.add(at);
    }
    problems.push({
      kind,
      layer: layer.layer,
      file: at?.file ?? layer.currentFile,
      line: at?.line ?? null,
      message,
    });
  };
  const headHashes = new Map<number, Set<string>>();
  for (const head of heads) headHashes.set(head.seq, (headHashes.get(head.seq) ?? new Set()).add(head.hash));
  const lastHead = heads.reduce((last, head) => Math.max(last, head.seq), 0);

  const { chosen, surplus } = chooseLines(layer.lines, headHashes);
  for (const line of surplus) report('inserted', line, 'another line has this number');
  const kept = longestRun(chosen.map((line) => line.seq ?? 0));
  for (const [index, line] of chosen.entries()) {
    if (!kept.has(index)) report('reordered', line, 'the line stands in another place than it was written');
  }

  const sorted = chosen.toSorted((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
  const last = sorted.at(-1) ?? null;
  const position = new Map(layer.lines.map((line, index) => [line, index]));
  const gaps = findGaps(sorted, position);
  const isTailOpen = last === null || last.action !== CLOSED_ACTION || lastHead > (last.seq ?? 0);
  const lastPosition = last === null ? -1 : (position.get(last) ?? -1);
  let damagedTail = 0;
  for (const line of layer.lines) {
    if (line.genuine) continue;
    const at = position.get(line) ?? 0;
    if (fillGap(gaps, line, at)) report('changed', line, 'the line is not what was written');
    else if (isTailOpen && at > lastPosition) {
      damagedTail += 1;
      report('changed', line, 'the line is not what was written');
    } else report('inserted', line, 'the writer did not write this line');
  }
  for (const gap of gaps) {
    const missing = gap.to - gap.from + 1 - gap.filled;
    if (missing > 0) report('removed', gap.before, `${missing} line(s) are missing before this one`);
  }

  let previous: ScannedLine | null = null;
  for (const line of sorted) {
    if (line.seq === 1 && line.prev !== GENESIS)
      report('changed', line, 'the first line names a line before it');
    if (previous !== null && line.seq === (previous.seq ?? 0) + 1 && line.prev !== previous.hash) {
      const isNamed = headHashes.get(previous.seq ?? 0)?.has(previous.hash) === true;
      report('changed', isNamed ? line : previous, 'the line is not the one that its neighbour remembers');
    }
    const named = headHashes.get(line.seq ?? 0);
    if (named !== undefined && (named.size > 1 || !named.has(line.hash))) {
      report('changed', line, 'the line is not the one that heads.jsonl remembers');
    }
    previous = line;
  }

  const lastSeq = (last?.seq ?? 0) + damagedTail;
  if (lastHead > lastSeq) {
    report(
      'missing-tail',
      null,
      `${lastHead - lastSeq} line(s) that heads.jsonl remembers are missing at the end`,
    );
  }
  if (!live) {
    reportEnd({ layer, heads, last, isTailDamaged: damagedTail > 0, lastHead }, report);
  }
  for (const line of chosen) {
    const isDue = line.action === CLOSED_ACTION && !(live && line === last);
    if (isDue && !headHashes.has(line.seq ?? 0)) {
      problems.push({
        kind: 'heads-changed',
        layer: layer.layer,
        file: 'heads.jsonl',
        line: null,
        message: 'the head of a final record is missing',
      });
    }
  }
  const notes = chosen
    .filter((line) => line.action === RECOVERED_ACTION)
    .map((line): AuditNote => ({
      kind: 'recovered',
      layer: layer.layer,
      file: line.file,
      line: line.line,
      message: 'an earlier writer was killed; the log was continued here',
    }));
  return { problems, notes };
}

interface End {
  readonly layer: ScannedLayer;
  readonly heads: readonly HeadLine[];
  readonly last: ScannedLine | null;
  readonly isTailDamaged: boolean;
  readonly lastHead: number;
}

function reportEnd(
  { layer, heads, last, isTailDamaged, lastHead }: End,
  report: (kind: ProblemKind, at: ScannedLine | null, message: string) => void,
): void {
  if (layer.torn) report('torn-last-line', null, 'the last write was cut short');
  const wasClosed = heads.some((head) => head.final && head.seq === lastHead && head.seq > (last?.seq ?? 0));
  const hasLines = last !== null || layer.torn;
  if (hasLines && !isTailDamaged && !wasClosed && last?.action !== CLOSED_ACTION) {
    report('missing-final', last, 'the final record is missing: the writer was killed');
  }
}
