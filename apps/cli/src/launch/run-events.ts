import { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { jsonText } from '../output/json-text.ts';

/** What `start --headless --json` tells, one a line; fields may be added, none goes or changes its meaning. */
export type RunEvent =
  | {
      readonly event: 'started';
      readonly identity: string;
      readonly agent: string;
      readonly bottle: string;
      readonly backend: string;
      readonly provider: string;
    }
  /** what the agent's program said, in pieces that end anywhere but within a character */
  | { readonly event: 'output'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  /** what the operator should know, e.g. that the agent asks for something */
  | { readonly event: 'warning'; readonly message: string }
  | {
      readonly event: 'error';
      readonly code: string | null;
      readonly message: string;
      readonly hint: string | null;
    }
  /** the last one: the exit code of this command, and the identity if the bottle can be resumed */
  | { readonly event: 'ended'; readonly code: number; readonly resumable: string | null };

/** Writes the events of one run. */
export class RunEvents {
  readonly #stdout: Writable;
  readonly #now: () => Date;
  readonly #outputs = new Set<Writable>();
  #isBroken = false;

  constructor(stdout: Writable, now: () => Date = () => new Date()) {
    this.#stdout = stdout;
    this.#now = now;
    // Whoever read the events went away: the agent's program is told as if it had written to him itself.
    stdout.on('error', (error) => {
      this.#isBroken = true;
      for (const output of this.#outputs) output.destroy(error);
    });
  }

  /** false: the reader is behind */
  emit(event: RunEvent): boolean {
    if (this.#isBroken) return true;
    return this.#stdout.write(`${jsonText({ v: 1, time: this.#now().toISOString(), ...event })}\n`);
  }

  error(error: unknown): void {
    const field = (key: string): string | null => {
      const value: unknown = error instanceof Error ? Reflect.get(error, key) : null;
      return typeof value === 'string' ? value : null;
    };
    const message = error instanceof Error ? error.message : `an unknown error was thrown (${typeof error})`;
    this.emit({ event: 'error', code: field('code'), message, hint: field('hint') });
  }

  /** A stream of the agent's program as events. */
  output(stream: 'stdout' | 'stderr'): Writable {
    const decoder = new StringDecoder('utf8');
    const tell = (text: string): boolean => text === '' || this.emit({ event: 'output', stream, text });
    const output = new Writable({
      highWaterMark: 64 * 1024,
      write: (chunk: Buffer, _encoding, done) => {
        if (tell(decoder.write(chunk))) done();
        else this.#stdout.once('drain', () => done());
      },
      final: (done) => {
        tell(decoder.end());
        done();
      },
    });
    this.#outputs.add(output);
    return output;
  }
}
