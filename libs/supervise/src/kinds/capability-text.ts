import { visibleLine } from '@bot-bottle/audit';
import { lineDiff } from '../dockerfile/line-diff.ts';
import { becauseLines, field, list, wrapped } from '../text-lines.ts';
import type { CapabilityBlock } from './capability-risks.ts';

export function capabilityTitle({ dockerfile, current }: CapabilityBlock): string {
  const diff = lineDiff((current ?? '').split('\n'), dockerfile.split('\n'));
  const count = (sign: string): number =>
    diff.filter((line) => line.sign === sign && line.text !== '').length;
  return `rebuild its image (lines: ${count('+')} new, ${count('-')} taken away)`;
}

/** The whole Dockerfile, each line with how it differs from the one in force; what does not fit into a row goes on in `>`. */
export function capabilityLines(request: CapabilityBlock): string[] {
  const { dockerfile, current, justification } = request;
  return [
    field('in force', current === null ? 'not known' : `${lineCount(current)} lines`),
    ...list('change', dockerfileDiff(current ?? '', dockerfile)),
    // Last, so that nothing that counts comes after what the agent says.
    ...list('because', becauseLines(justification)),
  ];
}

/** Every line of both, marked ` `, `+` or `-`, in visible text. */
export function dockerfileDiff(before: string, after: string): string[] {
  return lineDiff(before.split('\n'), after.split('\n')).flatMap(({ sign, text }) =>
    wrapped(visibleLine(text, Number.MAX_SAFE_INTEGER)).map(
      (piece, index) => `${sign}${index === 0 ? ' ' : '>'}${piece}`,
    ),
  );
}

const lineCount = (text: string): number => text.replace(/\n$/, '').split('\n').length;
