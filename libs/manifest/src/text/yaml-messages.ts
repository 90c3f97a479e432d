import type { ErrorCode } from 'yaml';

/** Our own words for the parser's errors: its messages quote the text, which may hold a secret. */
const messages: Partial<Record<ErrorCode, string>> = {
  BAD_ALIAS: 'this alias or anchor is not well-formed',
  BAD_DIRECTIVE: 'YAML directives are not accepted',
  BAD_DQ_ESCAPE: 'this escape sequence does not exist in a double-quoted text',
  BAD_INDENT: 'the indentation is wrong, or a bracket is not closed',
  BAD_SCALAR_START: 'a plain text cannot start with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'a nested map cannot start here; check the indentation, or put text with `: ` in quotes',
  BLOCK_IN_FLOW: 'indented lists and maps cannot stand inside brackets',
  KEY_OVER_1024_CHARS: 'this key is too long; a `:` may be missing its space',
  MISSING_CHAR: 'a `:`, a comma, a quote or a bracket is missing',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line; a `:` may be missing',
  MULTIPLE_DOCS: 'only one YAML document is accepted',
  NON_STRING_KEY: 'keys must be plain text',
  RESOURCE_EXHAUSTION: 'the YAML is nested too deeply',
  TAB_AS_INDENT: 'tabs cannot indent YAML; use spaces',
  UNEXPECTED_TOKEN: 'something is written here that YAML does not allow',
};

export function yamlMessage(code: ErrorCode): string {
  return messages[code] ?? 'this is not well-formed YAML';
}
