import { StringDecoder } from 'node:string_decoder';

const maxLine = 16 * 1024;
const remembered = 5;

/** Cuts a stream into lines of bounded length and remembers the last few. */
export class LogLines {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #last: string[] = [];

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#emit(line);
    if (this.#rest.length > maxLine) {
      this.#emit(this.#rest);
      this.#rest = '';
    }
  }

  /** the last lines, the unfinished one included */
  last(): readonly string[] {
    return [...this.#last, ...(this.#rest === '' ? [] : [this.#rest])].slice(-remembered);
  }

  #emit(line: string): void {
    const cut = line.slice(0, maxLine);
    this.#last = [...this.#last, cut].slice(-remembered);
    this.#onLine(cut);
  }
}
