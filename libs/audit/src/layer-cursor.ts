import { stat } from 'node:fs/promises';
import { parseLine } from './audit-line.ts';
import { layerFiles } from './audit-paths.ts';
import { errnoOf } from './error.ts';
import type { AuditLine, Layer } from './events.ts';
import { readFileLines } from './file-lines.ts';

async function inodeOf(path: string): Promise<bigint | null> {
  try {
    return (await stat(path, { bigint: true })).ino;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Reads a layer from where it stopped, also when the file it was in was rotated meanwhile. */
export class LayerCursor {
  readonly #folder: string;
  readonly #layer: Layer;
  #inode: bigint | null = null;
  #offset = 0;

  constructor(folder: string, layer: Layer) {
    this.#folder = folder;
    this.#layer = layer;
  }

  /** Complete, valid lines up to the present end. What is no line is left out: verification tells of it. */
  async *read(signal?: AbortSignal): AsyncGenerator<AuditLine, void> {
    const files: { path: string; inode: bigint }[] = [];
    for (const path of await layerFiles(this.#folder, this.#layer)) {
      const inode = await inodeOf(path);
      if (inode !== null) files.push({ path, inode });
    }
    const known = files.findIndex(({ inode }) => inode === this.#inode);
    for (const { path, inode } of files.slice(Math.max(0, known))) {
      if (inode !== this.#inode) {
        this.#inode = inode;
        this.#offset = 0;
      }
      for await (const { text, end, complete } of readFileLines(path, { start: this.#offset, signal })) {
        if (!complete) break;
        this.#offset = end;
        const line = parseLine(text);
        if (line !== null) yield line;
      }
    }
  }
}
