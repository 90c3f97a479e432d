import { visibleLine } from '@bot-bottle/audit';
import type { WorkspaceChange, WorkspaceDiff } from '@bot-bottle/backend';
import { unifiedDiff } from '../output/unified-diff.ts';
import { riskLines, skippedLines } from './risk-lines.ts';

/** Lines of all patches together; what comes after is named only. */
const patchLines = 50_000;

/** What an agent changed, for a person: what could execute on the host first. */
export function diffLines(diff: WorkspaceDiff, withPatch: boolean): string[] {
  const { risks, changes, ignored, notCompared } = diff;
  const sections: string[][] = [];
  if (risks.length > 0)
    sections.push(['could execute here:', ...riskLines(risks).map((line) => `  ${line}`)]);
  if (changes.length > 0) sections.push(changes.map((change) => changeLine(change)));
  if (ignored.length > 0) {
    const lines = ignored.map(({ path, files, risks: count }) => {
      const could = count === 0 ? '' : `, ${count} could execute here`;
      return `  ${visibleLine(path, 1000)}  ${files} ${files === 1 ? 'file' : 'files'}${could}`;
    });
    sections.push(['new or changed, ignored by your rules:', ...lines]);
  }
  if (notCompared.length > 0)
    sections.push(['not compared:', ...skippedLines(notCompared).map((line) => `  ${line}`)]);
  if (withPatch) for (const { lines } of patches(changes)) if (lines !== null) sections.push(lines);
  const { added, changed, deleted } = countsOf(changes);
  sections.push([`${added} added, ${changed} changed, ${deleted} deleted`]);
  return sections.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
}

/** The same for programs. Strings are the bottle's own: they are not sanitised, only escaped. */
export function diffJson(diff: WorkspaceDiff, withPatch: boolean): object {
  return {
    risks: diff.risks,
    changes: diff.changes.map(({ status, path, what, hostIsNewer }) => ({
      status,
      path,
      what,
      host_is_newer: hostIsNewer,
    })),
    ignored: diff.ignored,
    not_compared: diff.notCompared,
    complaint: diff.complaint,
    counts: countsOf(diff.changes),
    ...(withPatch ? { patches: patches(diff.changes) } : {}),
  };
}

function changeLine({ status, path, what, hostIsNewer }: WorkspaceChange): string {
  const notes = what.filter((each) => each !== 'content').map((each) => ` (${each})`);
  if (hostIsNewer) notes.push(' (changed here after the start)');
  return `${status}  ${visibleLine(path, 4096)}${notes.join('')}`;
}

function countsOf(changes: readonly WorkspaceChange[]): { added: number; changed: number; deleted: number } {
  const count = (wanted: WorkspaceChange['status']): number =>
    changes.filter(({ status }) => status === wanted).length;
  return { added: count('A'), changed: count('M'), deleted: count('D') };
}

interface Patch {
  readonly path: string;
  /** of a unified diff, sanitised; null: not text, too large, or too much before it */
  readonly lines: string[] | null;
}

function patches(changes: readonly WorkspaceChange[]): Patch[] {
  let left = patchLines;
  return changes.map(({ path, text }) => {
    if (text === null || left <= 0) return { path, lines: null };
    const lines = unifiedDiff(path, text.before, text.after);
    left -= lines.length;
    return { path, lines };
  });
}
