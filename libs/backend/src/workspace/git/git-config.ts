import type { GitVariable } from '@bot-bottle/git-gate';

const sectionLine = /^\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]\s*(.*)$/;
const variableLine = /^([A-Za-z][A-Za-z0-9-]*)\s*(?:(=)\s*(.*))?$/s;

/**
 * Variables of a git configuration text (git-config(1), "Syntax"), sections and keys in lower case. Includes are not
 * followed, and lines that git would refuse are left out: the result only feeds an allow-list.
 */
export function parseGitConfig(text: string): GitVariable[] {
  const found: GitVariable[] = [];
  let section: string | null = null;
  let subsection: string | null = null;
  for (let line of logicalLines(text)) {
    line = line.trimStart();
    if (line.startsWith('[')) {
      const match = sectionLine.exec(line);
      if (match === null) {
        section = null;
        continue;
      }
      const [, name = '', quoted, rest = ''] = match;
      const dot = name.indexOf('.');
      section = (dot < 0 ? name : name.slice(0, dot)).toLowerCase();
      subsection =
        quoted === undefined
          ? dot < 0
            ? null
            : name.slice(dot + 1).toLowerCase()
          : quoted.replaceAll(/\\(.)/gs, '$1');
      line = rest;
    }
    if (section === null || line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const match = variableLine.exec(line);
    if (match === null) continue;
    const value = match[2] === undefined ? null : unquote(match[3] ?? '');
    found.push({ section, subsection, key: (match[1] ?? '').toLowerCase(), value });
  }
  return found;
}

/** Lines with continuations joined: a backslash at the very end goes on. */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let open: string | null = null;
  for (const raw of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    const line: string = open === null ? raw : open + raw;
    const backslashes = /\\*$/.exec(raw)?.[0].length ?? 0;
    if (backslashes % 2 === 1) open = line.slice(0, -1);
    else {
      lines.push(line);
      open = null;
    }
  }
  if (open !== null) lines.push(open);
  return lines;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', b: '\b' };

function unquote(raw: string): string {
  let value = '';
  let keep = 0;
  let quoted = false;
  for (let index = 0; index < raw.length; index += 1) {
    const char = raw[index] ?? '';
    if (char === '"') {
      quoted = !quoted;
      keep = value.length;
    } else if (char === '\\') {
      index += 1;
      const next = raw[index] ?? '';
      value += escapes[next] ?? next;
      keep = value.length;
    } else if (!quoted && (char === '#' || char === ';')) {
      break;
    } else {
      value += char;
      if (quoted || !/\s/.test(char)) keep = value.length;
    }
  }
  return value.slice(0, keep);
}
