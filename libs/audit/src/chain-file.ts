import { open, rename } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { GENESIS, isGenuine, parseLine, renderLine, sha256 } from './audit-line.ts';
import { currentFile, rotatedFile, rotatedNumbers } from './audit-paths.ts';
import { AuditError } from './error.ts';
import type { AuditEvent, AuditLine, Layer } from './events.ts';
import { readFileEnd, setTornAside } from './file-end.ts';
import { openLineFile, writeWhole } from './line-file.ts';
import { CLOSED_ACTION, RECOVERED_ACTION } from './reserved-actions.ts';

export interface ChainFileOptions {
  readonly folder: string;
  readonly bottle: string;
  readonly layer: Layer;
  /** size in bytes at which a new file is begun */
  readonly maxBytes: number;
}

export interface ChainState {
  readonly seq: number;
  readonly hash: string;
  /** whether the last line is a final record */
  readonly final: boolean;
}

/** The chain of one layer on disk. Not safe for concurrent calls: `LayerWriter` makes them one after the other. */
export class ChainFile {
  readonly #options: ChainFileOptions;
  #handle: FileHandle;
  #size: number;
  #state: ChainState;

  private constructor(options: ChainFileOptions, handle: FileHandle, size: number, state: ChainState) {
    this.#options = options;
    this.#handle = handle;
    this.#size = size;
    this.#state = state;
  }

  get state(): ChainState {
    return this.#state;
  }

  /**
   * Opens or creates the chain. When it was not closed in order, torn bytes are set aside and a line that says so
   * is appended. Throws `AuditError` (`corrupt`) when its last line cannot be continued, and errno errors.
   */
  static async open(options: ChainFileOptions, time: string): Promise<ChainFile> {
    const path = currentFile(options.folder, options.layer);
    const handle = await openLineFile(path);
    try {
      const end = await readFileEnd(handle);
      const last = end.lastLine ?? (await lastRotatedLine(options));
      const line = last === null ? null : continueFrom(last, options);
      const state = line === null ? { seq: 0, hash: GENESIS, final: false } : stateOf(line);
      const chain = new ChainFile(options, handle, end.completeBytes, state);
      const torn: AuditEvent['details'] =
        end.torn.length === 0
          ? {}
          : {
              torn_bytes: end.torn.length,
              torn_sha256: sha256(end.torn),
              set_aside: basename(await setTornAside(handle, path, end)),
            };
      const isOpenEnded = state.seq > 0 && !state.final;
      if (isOpenEnded || end.torn.length > 0) {
        await chain.append([recovered(options, { ...torn, final_record: !isOpenEnded })], time);
      }
      return chain;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Writes the events as the next lines, all or none. */
  async append(events: readonly AuditEvent[], time: string): Promise<void> {
    let { seq, hash } = this.#state;
    let text = '';
    for (const event of events) {
      seq += 1;
      const line = renderLine({ ...event, seq, time, bottle: this.#options.bottle, prev: hash });
      hash = line.hash;
      text += `${line.text}\n`;
    }
    const bytes = Buffer.from(text, 'latin1');
    if (this.#size > 0 && this.#size + bytes.length > this.#options.maxBytes) await this.#rotate();
    await writeWhole(this.#handle, bytes, this.#size);
    this.#size += bytes.length;
    this.#state = { seq, hash, final: events.at(-1)?.action === CLOSED_ACTION };
  }

  async close(): Promise<void> {
    try {
      await this.#handle.sync();
    } finally {
      await this.#handle.close();
    }
  }

  async #rotate(): Promise<void> {
    const { folder, layer } = this.#options;
    const path = currentFile(folder, layer);
    await this.#handle.sync();
    const number = ((await rotatedNumbers(folder, layer)).at(-1) ?? 0) + 1;
    await rename(path, rotatedFile(folder, layer, number));
    const full = this.#handle;
    try {
      this.#handle = await openLineFile(path);
    } catch (error) {
      // The old file stays the current one, so that the chain goes on when there is room again.
      await rename(rotatedFile(folder, layer, number), path);
      throw error;
    }
    this.#size = 0;
    await full.close();
  }
}

function stateOf(line: AuditLine): ChainState {
  return { seq: line.seq, hash: line.hash, final: line.action === CLOSED_ACTION };
}

function recovered({ bottle, layer }: ChainFileOptions, details: AuditEvent['details']): AuditEvent {
  return {
    layer,
    action: RECOVERED_ACTION,
    outcome: 'warned',
    code: null,
    target: bottle,
    rule: null,
    details,
  };
}

function continueFrom(text: string, options: ChainFileOptions): AuditLine {
  const line = parseLine(text);
  if (
    line !== null &&
    line.layer === options.layer &&
    line.bottle === options.bottle &&
    isGenuine(text, line)
  ) {
    return line;
  }
  throw new AuditError(
    'corrupt',
    `the last line of ${currentFile(options.folder, options.layer)} was changed; verify the log, then move the folder away`,
    { data: { bottle: options.bottle, layer: options.layer } },
  );
}

/** A crash between the two steps of a rotation leaves no current file, or an empty one. */
async function lastRotatedLine({ folder, layer }: ChainFileOptions): Promise<string | null> {
  const number = (await rotatedNumbers(folder, layer)).at(-1);
  if (number === undefined) return null;
  const handle = await open(rotatedFile(folder, layer, number), 'r');
  try {
    return (await readFileEnd(handle)).lastLine;
  } finally {
    await handle.close();
  }
}
