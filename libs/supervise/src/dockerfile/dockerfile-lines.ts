import { visibleLine } from '@bot-bottle/audit';

/** One instruction with its continuation lines joined; comments are gone. */
export interface Instruction {
  /** 1-based line that it begins on */
  readonly line: number;
  /** upper case */
  readonly keyword: string;
  /** what follows the keyword, trimmed, never empty */
  readonly rest: string;
}

export interface ReadLines {
  readonly instructions: readonly Instruction[];
  /** one visible line each, with its line number; [] when all was understood */
  readonly problems: readonly string[];
}

/** Most lines of a Dockerfile: a human has to read it. */
export const MAX_DOCKERFILE_LINES = 1000;

const blank = /^[ \t]*$/;
const comment = /^[ \t]*#/;
/** What BuildKit takes for a parser directive; the classic front end knows fewer. */
const directive = /^[ \t]*#[ \t]*[A-Za-z][A-Za-z0-9]*[ \t]*=/;
const continued = /\\[ \t]*$/;
const instruction = /^[ \t]*([A-Za-z]+)[ \t]+(.*)$/;

/**
 * Splits a Dockerfile into instructions. Engines differ in directives, empty continuation lines, doubled backslashes and
 * blanks that are not ASCII: all of that is refused, so that a text means one thing to whoever reads it.
 */
export function dockerfileLines(text: string): ReadLines {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  if (lines.length > MAX_DOCKERFILE_LINES)
    return { instructions: [], problems: [`it has more than ${MAX_DOCKERFILE_LINES} lines`] };
  const problems = lines.flatMap((line, index) =>
    isPlain(line)
      ? []
      : [at(index, 'holds a character that cannot be seen, or is no blank, tab or line break')],
  );
  if (problems.length > 0) return { instructions: [], problems };
  const instructions: Instruction[] = [];
  let open: { readonly line: number; text: string } | null = null;
  const finish = (line: number, whole: string): void => {
    const [, keyword = '', rest = ''] = instruction.exec(whole) ?? [];
    if (keyword === '' || blank.test(rest)) problems.push(at(line, 'is no instruction with arguments'));
    else instructions.push({ line: line + 1, keyword: keyword.toUpperCase(), rest: trimmed(rest) });
  };
  for (const [index, line] of lines.entries()) {
    if (comment.test(line)) {
      if (open === null && instructions.length === 0 && directive.test(line))
        problems.push(at(index, 'is a parser directive, or looks like one'));
      continue;
    }
    if (blank.test(line)) {
      if (open !== null) problems.push(at(index, 'is empty within an instruction'));
      continue;
    }
    const isContinued = continued.test(line);
    const part = isContinued ? line.replace(continued, '') : line;
    if (isContinued && part.endsWith('\\')) problems.push(at(index, 'ends with two backslashes'));
    if (open === null) open = { line: index, text: part };
    else open.text += part;
    if (isContinued) continue;
    finish(open.line, open.text);
    open = null;
  }
  if (open !== null) problems.push(at(open.line, 'goes on after the last line'));
  return { instructions, problems };
}

/** Only tabs of what has no shape: what is shown is what is there. */
function isPlain(line: string): boolean {
  const shown = line.replaceAll('\t', ' ');
  return visibleLine(shown, Number.MAX_SAFE_INTEGER) === shown;
}

const trimmed = (text: string): string => text.replaceAll(/^[ \t]+|[ \t]+$/g, '');

/** @param index 0-based */
const at = (index: number, what: string): string => `line ${index + 1} ${what}`;
