import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import type { ManifestErrorCode } from '../errors.ts';
import type { Problem } from '../problem.ts';
import type { Position } from '../source.ts';
import { Positions } from './positions.ts';
import { toData } from './to-data.ts';
import { yamlMessage } from './yaml-messages.ts';

export interface YamlProblem {
  readonly code: ManifestErrorCode;
  readonly message: string;
  readonly position: Position;
}

export interface YamlSource {
  /** plain data: objects, arrays and scalars; null when the text is empty or has problems */
  readonly value: unknown;
  readonly problems: readonly YamlProblem[];
  locate(path: Problem['path'], at: Problem['at']): Position;
}

/** Most problems reported for one text. */
const MAX_PROBLEMS = 20;

/**
 * Parses YAML 1.2 (core schema) into plain data with positions. Refused: duplicate keys, keys that are not text,
 * custom tags, several documents, aliases that expand without bound or refer to themselves.
 */
export function parseYaml(text: string, firstLine: number): YamlSource {
  const lines = new LineCounter();
  const toPosition = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { line: Math.max(line, 1) - 1 + firstLine, column: Math.max(col, 1) };
  };
  const problems: YamlProblem[] = [];
  const report = (code: ManifestErrorCode, message: string, offset: number): void => {
    if (problems.length < MAX_PROBLEMS) problems.push({ code, message, position: toPosition(offset) });
  };
  const [document, second] = documentsOf(text, lines, report);
  const positions = new Positions(document?.contents?.range?.[0] ?? 0);
  const locate: YamlSource['locate'] = (path, at) => toPosition(positions.offset(path, at));
  if (document === undefined) return { value: null, problems, locate };
  for (const { code, pos } of document.errors) {
    report(code === 'RESOURCE_EXHAUSTION' ? 'yaml_too_complex' : 'yaml_syntax', yamlMessage(code), pos[0]);
  }
  for (const { code, pos } of document.warnings) {
    if (code === 'TAG_RESOLVE_FAILED') report('yaml_tag', 'YAML tags are not accepted', pos[0]);
    else report('yaml_syntax', yamlMessage(code), pos[0]);
  }
  if (second !== undefined) report('yaml_syntax', yamlMessage('MULTIPLE_DOCS'), second.range[0]);
  const value = problems.length === 0 ? toData(document.contents, positions, report) : null;
  return { value, problems, locate };
}

/** The documents of a text; none, and a problem, when it is nested so deeply that the parser cannot follow. */
function documentsOf(
  text: string,
  lineCounter: LineCounter,
  report: (code: ManifestErrorCode, message: string, offset: number) => void,
): readonly Document.Parsed[] {
  try {
    return parseAllDocuments(text, {
      schema: 'core',
      version: '1.2',
      strict: true,
      stringKeys: true,
      merge: false,
      resolveKnownTags: false,
      prettyErrors: false,
      logLevel: 'silent',
      lineCounter,
      // The parser compares every key with every other one; `toData` uses a set.
      uniqueKeys: false,
    });
  } catch (error) {
    // The parser goes down a level of its own for each level of the text, and ends where the stack does.
    if (!(error instanceof RangeError)) throw error;
    report('yaml_too_complex', yamlMessage('RESOURCE_EXHAUSTION'), 0);
    return [];
  }
}
