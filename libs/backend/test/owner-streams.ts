import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Writable } from 'node:stream';

/** Everything that a stream gives until its end, as text. */
export async function allOf(stream: Readable): Promise<string> {
  return (await buffer(stream)).toString('utf8');
}

/** A sink that remembers, and tells when a text has come. */
export class Sink extends Writable {
  #text = '';

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#text += chunk.toString('latin1');
    this.emit('grown');
    done();
  }

  get text(): string {
    return this.#text;
  }

  async has(part: string): Promise<void> {
    while (!this.#text.includes(part)) await once(this, 'grown');
  }
}
