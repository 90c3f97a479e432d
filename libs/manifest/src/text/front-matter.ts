import type { ManifestErrorCode } from '../errors.ts';

export interface FrontMatter {
  readonly yaml: string;
  /** where `yaml` begins in the text of the file, in UTF-16 units */
  readonly start: number;
  /** 1-based line of the file on which `yaml` starts */
  readonly firstLine: number;
  /** everything after the closing line, untrimmed */
  readonly body: string;
}

export interface FrontMatterProblem {
  readonly code: ManifestErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** Largest accepted manifest, in UTF-16 units. */
export const MAX_TEXT_LENGTH = 256 * 1024;

const fence = /^---[ \t]*(?:\r?\n|$)/;
const closingFence = /^---[ \t]*\r?$/m;

/** Splits a Markdown file into the YAML between two `---` lines and its body. A byte order mark is skipped. */
export function splitFrontMatter(text: string): FrontMatter | FrontMatterProblem {
  if (text.length > MAX_TEXT_LENGTH) {
    return { code: 'too_large', message: 'the file is larger than 256 KiB', hint: 'shorten it' };
  }
  const content = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const opening = fence.exec(content)?.[0];
  if (opening === undefined) {
    return {
      code: 'front_matter_missing',
      message: 'the file does not start with front matter',
      hint: 'the first line must be `---`, followed by YAML and another `---` line',
    };
  }
  const rest = content.slice(opening.length);
  const closing = closingFence.exec(rest);
  if (closing === null) {
    return {
      code: 'front_matter_unclosed',
      message: 'the front matter is not closed',
      hint: 'end it with a line that holds only `---`',
    };
  }
  const bodyStart = rest.indexOf('\n', closing.index);
  return {
    yaml: rest.slice(0, closing.index),
    start: text.length - rest.length,
    firstLine: 2,
    body: bodyStart < 0 ? '' : rest.slice(bodyStart + 1),
  };
}
