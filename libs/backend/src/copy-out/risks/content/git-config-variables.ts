import type { GitVariable } from '@bot-bottle/git-gate';

/** Sections and keys in lower case; null where git would refuse the file. */
export function gitConfigVariables(text: string): GitVariable[] | null {
  return new Reader(text.replace(/^\uFEFF/, '')).all();
}

const isSpace = (char: string): boolean => char === ' ' || char === '\t' || char === '\n' || char === '\r';
const escaped: Readonly<Record<string, string>> = { n: '\n', t: '\t', b: '\b', '\\': '\\', '"': '"' };

/** Character by character as git does (config.c: get_base_var, get_value, parse_value): a line may hold several headers. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text.replaceAll('\r\n', '\n');
  }

  all(): GitVariable[] | null {
    const found: GitVariable[] = [];
    let header: { section: string; subsection: string | null } | null = null;
    while (this.#at < this.#text.length) {
      const char = this.#peek();
      if (isSpace(char)) this.#at += 1;
      else if (char === '#' || char === ';') this.#skipLine();
      else if (char === '[') {
        header = this.#header();
        if (header === null) return null;
      } else {
        const variable = header === null ? null : this.#variable();
        if (header === null || variable === null) return null;
        found.push({ ...header, ...variable });
      }
    }
    return found;
  }

  #peek(): string {
    return this.#text[this.#at] ?? '';
  }

  #skipLine(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end < 0 ? this.#text.length : end + 1;
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at += match[0].length;
    return match;
  }

  #header(): { section: string; subsection: string | null } | null {
    const match = this.#take(/\[([A-Za-z0-9.-]+)(?:[ \t\r]+"((?:[^"\\\n]|\\[^\n])*)")?\]/y);
    if (match === null) return null;
    const [, name = '', quoted] = match;
    if (quoted !== undefined)
      return { section: name.toLowerCase(), subsection: quoted.replaceAll(/\\(.)/gs, '$1') };
    const dot = name.indexOf('.');
    return dot < 0
      ? { section: name.toLowerCase(), subsection: null }
      : { section: name.slice(0, dot).toLowerCase(), subsection: name.slice(dot + 1).toLowerCase() };
  }

  #variable(): { key: string; value: string | null } | null {
    const name = this.#take(/([A-Za-z][A-Za-z0-9-]*)[ \t]*/y)?.[1];
    if (name === undefined) return null;
    const key = name.toLowerCase();
    const next = this.#peek();
    if (next === '\n' || next === '') return { key, value: null };
    if (next !== '=') return null;
    this.#at += 1;
    const value = this.#value();
    return value === null ? null : { key, value };
  }

  #value(): string | null {
    let value = '';
    let keep = 0;
    let isQuoted = false;
    for (; ; this.#at += 1) {
      const char = this.#peek();
      if (char === '' || char === '\n') {
        this.#at += 1;
        return isQuoted ? null : value.slice(0, keep);
      }
      if (!isQuoted && (char === '#' || char === ';')) {
        this.#skipLine();
        return value.slice(0, keep);
      }
      if (!isQuoted && isSpace(char)) {
        if (value !== '') value += char;
        continue;
      }
      if (char === '\\') {
        this.#at += 1;
        const next = this.#peek();
        if (next === '\n') continue;
        const meant = escaped[next];
        if (meant === undefined) return null;
        value += meant;
      } else if (char === '"') isQuoted = !isQuoted;
      else value += char;
      keep = value.length;
    }
  }
}
