import type { Duplex } from 'node:stream';
import { visibleLine } from '@bot-bottle/audit';
import type { BodyCount } from '../http/feed-body.ts';
import { readLines } from '@bot-bottle/sidecar-protocol';

/** What the pre-receive hook was told by git. */
export interface ReceivedPush {
  /** where the new objects are; empty when there are none */
  readonly quarantine: string;
  /** number of push options */
  readonly options: number;
  /** `old new ref`, one per command */
  readonly commands: readonly string[];
}

/** The same with what only the request says. */
export interface PushRequest extends ReceivedPush {
  /** commits that the client says it does not have the parents of */
  readonly shallow: readonly string[];
}

export interface PushSessionOptions {
  /** descriptor 3 of receive-pack */
  readonly channel: Duplex;
  /** aborts when the client is gone or the server stops */
  readonly signal: AbortSignal;
  /** resolves when receive-pack has ended */
  readonly ended: Promise<unknown>;
  /** called once; must end in `accept` or `refuse` */
  readonly onPush: (push: ReceivedPush) => Promise<void>;
}

/** A ref name has at most 64 KiB in a pkt-line; longer than this it cannot be a file's name either. */
const MAX_LINE_BYTES = 16 * 1024;
/** More than any client sends; each is a line of at most 16 KiB. */
const MAX_COMMANDS = 10_000;
const MAX_SAID = 1000;

/** The conversation with one client's receive-pack, through its hooks. */
export class PushSession {
  readonly signal: AbortSignal;
  /** While true the client's leaving must not end receive-pack: the upstream is already being told. */
  isForwarding = false;
  /** decoded bytes of the request so far; filled in by who reads it */
  readonly received: BodyCount = { bytes: 0 };
  readonly #options: PushSessionOptions;
  #said = 0;
  #isAnswered = false;
  #isAsked = false;
  #accepted: ReadonlySet<string> = new Set();
  #work: Promise<void> = Promise.resolve();

  constructor(options: PushSessionOptions) {
    this.#options = options;
    this.signal = options.signal;
    // it breaks when receive-pack is ended; who waits for it learns that from `ended`
    options.channel.on('error', () => undefined);
  }

  /** Whether git got to the end of the push and asked. */
  get isAsked(): boolean {
    return this.#isAsked;
  }

  /** Reads what the hooks say until receive-pack ends; resolves when the push has been dealt with. */
  async run(): Promise<void> {
    try {
      await this.#read();
    } catch {
      this.refuse(['the push cannot be read: ref names must be UTF-8 and shorter than 16 KiB']);
    }
    await this.#work;
  }

  /** A line on the client's terminal, if there still is one. */
  say(text: string): void {
    this.#said += 1;
    if (this.#isAnswered || this.#said > MAX_SAID) return;
    this.#write(`say ${visibleLine(text)}`);
  }

  /** Nothing moves. */
  refuse(lines: readonly string[]): void {
    for (const line of lines) this.say(line);
    this.#answer('no');
  }

  /** These refs move now, the others not; resolves when receive-pack has ended. */
  async accept(refs: ReadonlySet<string>): Promise<void> {
    this.#accepted = refs;
    this.#answer(refs.size === 0 ? 'no' : 'ok');
    await this.#options.ended.catch(() => undefined);
  }

  #answer(word: 'ok' | 'no'): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#write(word);
  }

  #write(line: string): void {
    if (this.#options.channel.writable) this.#options.channel.write(`${line}\n`);
  }

  async #read(): Promise<void> {
    let quarantine = '';
    let options = 0;
    const commands: string[] = [];
    for await (const lines of readLines(this.#options.channel, MAX_LINE_BYTES)) {
      for (const line of lines) {
        const space = line.indexOf(' ');
        const verb = space < 0 ? line : line.slice(0, space);
        const text = space < 0 ? '' : line.slice(space + 1);
        if (verb === 'quarantine') quarantine = text;
        else if (verb === 'options') options = Number(text);
        else if (verb === 'ref') commands.push(text);
        else if (verb === 'update') this.#write(this.#accepted.has(text) ? 'ok' : 'no');
        else if (verb === 'end' && !this.#isAsked) {
          this.#isAsked = true;
          this.#work = this.#options.onPush({ quarantine, options, commands });
        }
        if (commands.length > MAX_COMMANDS) {
          this.refuse([`more than ${MAX_COMMANDS} refs in one push: push fewer`]);
          return;
        }
      }
    }
  }
}
