import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { GitGateServerError } from '../errors.ts';
import { mapFindings } from './gitleaks-findings.ts';
import {
  FILE_CONTENT,
  fileKindOf,
  packFile,
  roomOf,
  type FileKind,
  type PackedFile,
  type Segment,
} from './gitleaks-files.ts';
import { KeptFindings } from './kept-findings.ts';
import { runGitleaks, type GitleaksFinding } from './run-gitleaks.ts';
import type { RawFinding, ScannedObject } from './scanned-object.ts';
import { WindowCutter } from './window-cutter.ts';

/** Bytes on disk that one run looks at; two such batches exist at a time at most. */
const BATCH = 32 * 1024 * 1024;
/** Longest secret that is found wherever it stands: more than a private key of 16,384 bits in text. */
const OVERLAP = 16 * 1024;
const WINDOW = FILE_CONTENT - 1024;

/**
 * `extend` keeps gitleaks' own rules; its allow-lists of paths see only our names. The rules named here are those that
 * ask for a name of file: they are kept by giving files such endings.
 */
const config = '[extend]\nuseDefault = true\n';

interface Batch {
  readonly folder: string;
  readonly files: Map<string, Omit<PackedFile, 'bytes'>>;
  bytes: number;
}

/**
 * Feeds gitleaks with files that we name and fill. Not its `stdin`: that reads 100,000 bytes at a time and cuts where
 * the content lets it, stops at what looks like an archive, and gives one control for all instead of one per part.
 */
export class GitleaksScan {
  readonly #program: string;
  readonly #root: string;
  readonly #signal: AbortSignal;
  readonly #closing = new AbortController();
  readonly #cutter = new WindowCutter({ size: WINDOW, overlap: OVERLAP });
  readonly #open = new Map<FileKind, { segments: Segment[]; bytes: number }>();
  readonly #findings = new KeptFindings();
  #batch: Batch | null = null;
  #batches = 0;
  #running: Promise<void> = Promise.resolve();
  scannerMs = 0;

  private constructor(program: string, root: string, signal: AbortSignal) {
    this.#program = program;
    this.#root = root;
    this.#signal = AbortSignal.any([signal, this.#closing.signal]);
  }

  /** A private folder is made below `scratchDir`; `close` removes it. */
  static async open(program: string, scratchDir: string, signal: AbortSignal): Promise<GitleaksScan> {
    await mkdir(scratchDir, { recursive: true, mode: 0o700 });
    const root = await mkdtemp(path.join(scratchDir, 'scan-'));
    try {
      await mkdir(path.join(root, 'cwd'), { mode: 0o700 });
      await writeFile(path.join(root, 'config.toml'), config, { mode: 0o600 });
    } catch (error) {
      await rm(root, { recursive: true, force: true });
      throw error;
    }
    return new GitleaksScan(program, root, signal);
  }

  async take(object: ScannedObject, bytes: Buffer, isLast: boolean): Promise<void> {
    for (const window of this.#cutter.push(bytes, isLast)) {
      const kind = fileKindOf(object.path);
      const segment = { object, window };
      const open = this.#open.get(kind);
      if (open !== undefined && open.bytes + roomOf(segment, kind) > FILE_CONTENT)
        await this.#flush(kind, open.segments);
      const into = this.#open.get(kind) ?? { segments: [], bytes: 0 };
      into.segments.push(segment);
      into.bytes += roomOf(segment, kind);
      this.#open.set(kind, into);
    }
  }

  async finish(): Promise<readonly RawFinding[]> {
    for (const [kind, { segments }] of this.#open) await this.#flush(kind, segments);
    await this.#rotate();
    await this.#running;
    return this.#findings.all();
  }

  /** Ends a run that is under way and removes everything. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running.catch(() => undefined);
    await rm(this.#root, { recursive: true, force: true, maxRetries: 3 });
  }

  async #flush(kind: FileKind, segments: readonly Segment[]): Promise<void> {
    this.#open.delete(kind);
    this.#batch ??= await this.#newBatch();
    this.#batch.bytes += await write(this.#batch, packFile(segments, kind), kind);
    if (this.#batch.bytes >= BATCH) await this.#rotate();
  }

  async #newBatch(): Promise<Batch> {
    const folder = path.join(this.#root, String(++this.#batches));
    await mkdir(folder, { mode: 0o700 });
    return { folder, files: new Map(), bytes: 0 };
  }

  /** Hands the batch over as soon as the one before is done; the next can be filled meanwhile. */
  async #rotate(): Promise<void> {
    const batch = this.#batch;
    this.#batch = null;
    await this.#running;
    if (batch === null) return;
    this.#running = this.#scan(batch, true);
    // whoever waits next sees it
    this.#running.catch(() => undefined);
  }

  async #scan(batch: Batch, mayRepeat: boolean): Promise<void> {
    const again = await this.#newBatchIf(mayRepeat);
    try {
      const report = await this.#run(batch.folder);
      const byFile = Map.groupBy(report, ({ File }) => path.basename(File));
      for (const [name, file] of batch.files) {
        await this.#map(batch, name, file, byFile.get(name) ?? [], again);
      }
      if (again !== null && again.files.size > 0) await this.#scan(again, false);
    } finally {
      await rm(batch.folder, { recursive: true, force: true, maxRetries: 3 });
      if (again !== null) await rm(again.folder, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  async #newBatchIf(wanted: boolean): Promise<Batch | null> {
    return wanted ? await this.#newBatch() : null;
  }

  async #run(folder: string): Promise<GitleaksFinding[]> {
    const started = performance.now();
    try {
      return await runGitleaks({
        program: this.#program,
        config: path.join(this.#root, 'config.toml'),
        folder: path.join('..', path.basename(folder)),
        cwd: path.join(this.#root, 'cwd'),
        signal: this.#signal,
      });
    } finally {
      this.scannerMs += performance.now() - started;
    }
  }

  async #map(
    batch: Batch,
    name: string,
    file: Omit<PackedFile, 'bytes'>,
    reported: readonly GitleaksFinding[],
    again: Batch | null,
  ): Promise<void> {
    const others = reported.filter(({ Secret }) => Secret !== file.control);
    if (others.length === reported.length) {
      throw new GitGateServerError('scanner_unavailable', 'gitleaks missed a planted control');
    }
    if (others.length === 0) return;
    const bytes = await readFile(path.join(batch.folder, name));
    const mapped = mapFindings(file.segments, bytes, others);
    for (const finding of mapped.findings) this.#findings.keep(finding);
    for (const { object, offset, lines, start, end } of mapped.again) {
      const window = { bytes: bytes.subarray(start, end), offset, lines };
      const kind = fileKindOf(object.path);
      if (again !== null) await write(again, packFile([{ object, window }], kind), kind);
    }
  }
}

async function write(batch: Batch, file: PackedFile, kind: FileKind): Promise<number> {
  const name = `${String(batch.files.size + 1).padStart(8, '0')}.${kind}`;
  await writeFile(path.join(batch.folder, name), file.bytes, { mode: 0o600, flag: 'wx' });
  batch.files.set(name, { segments: file.segments, control: file.control });
  return file.bytes.length;
}
