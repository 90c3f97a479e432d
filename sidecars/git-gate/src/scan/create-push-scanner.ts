import type { KnownSecret } from '@bot-bottle/dlp';
import type { Log } from '@bot-bottle/sidecar-protocol/program';
import type { Git, PushScanner, RepositoryView, ScanReport, ScanRequest } from '../contracts.ts';
import { GitGateServerError } from '../errors.ts';
import { DlpObjects } from './dlp-objects.ts';
import { DlpScan } from './dlp-scan.ts';
import { withoutDoubled } from './doubled-findings.ts';
import { GitleaksScan } from './gitleaks-scan.ts';
import { countHidden, quarantinedObjects } from './hidden-objects.ts';
import { pushedObjects, type Tally } from './pushed-objects.ts';
import { pushOrigins } from './push-origins.ts';
import type { GitAccess, Piece, RawFinding, ScannedObject } from './scanned-object.ts';
import { secretSearch } from './secret-search.ts';
import { toFindings } from './to-findings.ts';
import { withoutUpstream } from './upstream-values.ts';
import { looksWide, narrowed } from './wide-text.ts';

/** Milliseconds between two lines of progress. */
const PROGRESS_EVERY = 1000;

export interface PushScannerOptions {
  readonly git: Git;
  /** the mirror alone, without any quarantine */
  readonly mirrorView: RepositoryView;
  /** absolute path of the program, null: not installed */
  readonly gitleaks: string | null;
  /** `auto`: gitleaks when it is installed, else the built-in scanner */
  readonly mode: 'auto' | 'gitleaks' | 'builtin';
  /** the bottle's forwarded env values; searched whatever the scanner, and never leave this process */
  readonly knownSecrets: readonly KnownSecret[];
  /** null: the bottle has none */
  readonly canary: KnownSecret | null;
  /** private folder for the files that gitleaks reads; at most 64 MiB and a little at a time */
  readonly scratchDir: string;
  /** longest scan of one push, in milliseconds */
  readonly timeoutMs: number;
  readonly log: Log;
}

/**
 * A scanner of pushes that looks at objects, not at diffs. gitleaks that is there and fails is never replaced by the
 * built-in scanner. Memory and disk stay bounded whatever the size of the push.
 */
export function createPushScanner(options: PushScannerOptions): PushScanner {
  return async (request) => {
    const deadline = AbortSignal.timeout(options.timeoutMs);
    const signal = AbortSignal.any([request.signal, deadline]);
    try {
      return await scan(options, { ...request, signal });
    } catch (error) {
      if (deadline.aborted && !request.signal.aborted) {
        const seconds = Math.ceil(options.timeoutMs / 1000);
        throw new GitGateServerError('scanner_unavailable', `the scan did not end within ${seconds} s`, {
          cause: error,
        });
      }
      if (GitGateServerError.isInstance(error)) throw error;
      throw new GitGateServerError('scanner_unavailable', 'the scan broke off', { cause: error });
    }
  };
}

async function scan(options: PushScannerOptions, request: ScanRequest): Promise<ScanReport> {
  const { git, mirrorView, timeoutMs, mode, knownSecrets, canary } = options;
  const program = mode === 'builtin' ? null : options.gitleaks;
  if (mode === 'gitleaks' && program === null) {
    throw new GitGateServerError(
      'scanner_unavailable',
      'gitleaks is not installed, and the settings ask for it; install it or choose another scanner',
    );
  }
  const access: GitAccess = { git, view: request.view, signal: request.signal, timeoutMs };
  const dlp = new DlpScan({ tokens: program === null, knownSecrets, canary });
  const plain = new DlpObjects(dlp);
  const narrow = new DlpObjects(dlp);
  const needsDlp = program === null || knownSecrets.length > 0 || canary !== null;
  const gitleaks =
    program === null ? null : await GitleaksScan.open(program, options.scratchDir, request.signal);
  const tally: Tally = { listed: 0, objects: 0, bytes: 0, reached: new Set() };
  const progress = setInterval(() => {
    request.onProgress(`scanning: ${tally.objects} objects, ${Math.round(tally.bytes / 1024 ** 2)} MiB`);
  }, PROGRESS_EVERY);
  // Beside the scan, which leaves a core idle; a failure is told where it is awaited.
  const quarantined = quarantinedObjects(access);
  quarantined.catch(() => undefined);
  try {
    const take = async (pieces: AsyncGenerator<Piece>, dlpObjects: DlpObjects): Promise<void> => {
      for await (const { object, bytes, isLast } of pieces) {
        if (needsDlp) await dlpObjects.take(object, bytes, isLast);
        await gitleaks?.take(object, bytes, isLast);
      }
    };
    const wide = new Map<string, ScannedObject>();
    await take(everything(access, request, tally, wide), plain);
    await take(narrowed(access, wide), narrow);
    const passes = { plain: plain.finish(), narrowed: narrow.finish(), wide };
    const known = await withoutDoubled(access, dlp, passes);
    const raw = [...(gitleaks === null ? [] : await gitleaks.finish()), ...known];
    const hiddenObjects = await countHidden(access, mirrorView, await quarantined, tally.reached);
    const scannerMs = plain.scannerMs + narrow.scannerMs + (gitleaks?.scannerMs ?? 0);
    const findings = await judge(access, mirrorView, request, raw, dlp);
    const scanner = gitleaks === null ? 'builtin' : 'gitleaks';
    options.log(2, {
      event: 'scan',
      scanner,
      objects: tally.objects,
      bytes: tally.bytes,
      ms: scannerMs,
      findings: findings.length,
      upstream: raw.length - findings.length,
      hidden: hiddenObjects,
    });
    const { objects, bytes } = tally;
    const holdsSecret = secretSearch(raw, { knownSecrets, canary });
    return { scanner, objects, bytes, findings, holdsSecret, hiddenObjects, scannerMs };
  } finally {
    clearInterval(progress);
    await gitleaks?.close();
  }
}

/** @param wide takes the blobs that hold text in UTF-16 */
async function* everything(
  access: GitAccess,
  request: ScanRequest,
  tally: Tally,
  wide: Map<string, ScannedObject>,
): AsyncGenerator<Piece> {
  for (const { ref } of request.tips) {
    yield { object: { type: 'ref', oid: null, path: null }, bytes: Buffer.from(`${ref}\n`), isLast: true };
  }
  for await (const piece of pushedObjects(access, request.tips, tally)) {
    const { type, oid } = piece.object;
    if (type === 'blob' && oid !== null && !wide.has(oid) && looksWide(piece.bytes))
      wide.set(oid, piece.object);
    yield piece;
  }
}

async function judge(
  access: GitAccess,
  mirrorView: RepositoryView,
  request: ScanRequest,
  raw: readonly RawFinding[],
  dlp: DlpScan,
): Promise<ScanReport['findings']> {
  if (raw.length === 0) return [];
  const placed = raw.flatMap(({ object, marked }) => (marked && object.oid !== null ? [object.oid] : []));
  const origins = await pushOrigins(access, request.tips, new Set(placed));
  const fresh = await withoutUpstream({ ...access, view: mirrorView }, raw, origins.originsOf, dlp);
  const objects = fresh.flatMap(({ object, marked }) => (marked ? [object] : []));
  const placesOf = await origins.places.of(access, request.tips, objects);
  return toFindings(fresh, raw, origins.commitOf, placesOf);
}
