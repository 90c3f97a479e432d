import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';

const chunkBytes = 64 * 1024;
/** UTF-16 units; a longer line is cut in pieces, so that one without an end does not fill the memory */
const longestLine = 64 * 1024;

/** Lines of a log that starts anew at a size: what was `<path>` is `<path>.1` then. Keeps what it has open. */
export class LogFile {
  readonly #path: string;
  #file: FileHandle | null = null;
  #inode: number | null = null;
  #at = 0;
  #decoder = new TextDecoder();
  #rest = '';

  constructor(path: string) {
    this.#path = path;
  }

  /** The older part, then all that there is of the present one. */
  async *first(): AsyncGenerator<string> {
    this.#file = await openLog(this.#path);
    this.#inode = this.#file === null ? null : (await this.#file.stat()).ino;
    const older = await openLog(`${this.#path}.1`);
    try {
      // It may have been renamed between the two.
      if (older !== null && (await older.stat()).ino !== this.#inode) yield* lines(older);
    } finally {
      await older?.close();
    }
    yield* this.more();
  }

  /** What was written since, over any one renaming. */
  async *more(): AsyncGenerator<string> {
    yield* this.#read();
    const inode = await stat(this.#path).then(
      ({ ino }) => ino,
      () => null,
    );
    if (inode === null || inode === this.#inode) return;
    // What came between the reading and the renaming.
    yield* this.#read();
    yield* this.#flush();
    const previous = this.#file;
    this.#file = await openLog(this.#path);
    this.#inode = this.#file === null ? null : (await this.#file.stat()).ino;
    this.#at = 0;
    await previous?.close();
    yield* this.#read();
  }

  /** The last line, when nothing ended it. */
  async *end(): AsyncGenerator<string> {
    yield* this.more();
    yield* this.#flush();
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
  }

  *#flush(): Generator<string> {
    if (this.#rest !== '') yield this.#rest;
    this.#rest = '';
    this.#decoder = new TextDecoder();
  }

  async *#read(): AsyncGenerator<string> {
    const buffer = Buffer.alloc(chunkBytes);
    while (this.#file !== null) {
      const { bytesRead } = await this.#file.read(buffer, 0, chunkBytes, this.#at);
      if (bytesRead === 0) return;
      this.#at += bytesRead;
      this.#rest += this.#decoder.decode(buffer.subarray(0, bytesRead), { stream: true });
      const whole = this.#rest.split('\n');
      this.#rest = whole.pop() ?? '';
      yield* whole;
      if (this.#rest.length > longestLine) yield* this.#flush();
    }
  }
}

async function* lines(file: FileHandle): AsyncGenerator<string> {
  for await (const line of file.readLines({ autoClose: false })) yield line;
}

async function openLog(path: string): Promise<FileHandle | null> {
  return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => null);
}
