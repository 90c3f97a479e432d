import type { LayerDetector } from '../detectors/hit.ts';
import type { FragmentTally } from '../fragments/fragment-tally.ts';
import { decodeBase64At, decodeRuns, type DecodedRuns } from '../layers/decode-runs.ts';
import { inflateNested, looksCompressed } from '../layers/inflate-nested.ts';
import { looksLikeText } from '../layers/looks-like-text.ts';
import { plainLetters } from '../layers/plain-letters.ts';
import { mayHoldEscapes, unescapeOnce } from '../layers/unescape.ts';
import { turnedRound } from '../layers/turned-round.ts';
import { withoutSeparators } from '../layers/without-separators.ts';
import type { PlacedHit } from './placed-hit.ts';

/** Layers that are undone below the bytes as sent. */
const MAX_DEPTH = 3;
/** What looks compressed inside a text is tried so often per scan, and until so many bytes came out. */
const NESTED_TRIES = 256;
const NESTED_BYTES = 16 * 1024 * 1024;
/** Findings per scan; the rest would change nothing. */
export const LIMIT = 256;

export interface WalkOptions {
  readonly fold: boolean;
  /** also undo `=XX`, as parts of a multipart body may be written */
  readonly quotedPrintable?: boolean;
  /** false: `bytes` are not the bytes as sent, so that nothing in them has a place there */
  readonly isPlaced?: boolean;
  /** takes parts of known values */
  readonly tally?: FragmentTally | null;
}

/** What is left for compressed texts. */
interface Budget {
  tries: number;
  bytes: number;
}

const nowhere = (): null => null;

interface Layer {
  readonly bytes: Uint8Array;
  readonly depth: number;
  /** false for decoded bytes that are no text: nothing in them is split up or escaped */
  readonly isText: boolean;
  /** made by turning a text round, which is not done twice */
  readonly isBackwards?: boolean;
  /** place in the bytes as sent of a span of this layer */
  readonly place: (start: number, end: number) => { start: number; end: number } | null;
}

/**
 * Runs the detectors over `bytes` and over what its escapes, base64, hex and compressed parts stand for, three layers
 * deep. The work is bounded: each layer is smaller than the one it came from, compressed parts are counted and cut.
 */
export function walkLayers(
  bytes: Uint8Array,
  detectors: readonly LayerDetector[],
  options: WalkOptions,
): PlacedHit[] {
  const found: PlacedHit[] = [];
  const tally = options.tally ?? null;
  const budget: Budget = { tries: NESTED_TRIES, bytes: NESTED_BYTES };
  const place: Layer['place'] = options.isPlaced === false ? nowhere : (start, end) => ({ start, end });
  const queue: Layer[] = [{ bytes, depth: 0, isText: true, place }];
  for (let layer = queue.shift(); layer !== undefined; layer = queue.shift()) {
    for (const detector of detectors) {
      tally?.enter(layer.place);
      for (const hit of detector.search(layer.bytes, {
        fold: options.fold,
        isText: layer.isText,
        limit: LIMIT,
        tally,
      })) {
        if (found.length < LIMIT) found.push({ hit, span: layer.place(hit.start, hit.end) });
      }
    }
    if (layer.depth < MAX_DEPTH) queue.push(...below(layer, budget, options.quotedPrintable === true));
  }
  return found;
}

function below(layer: Layer, budget: Budget, quotedPrintable: boolean): Layer[] {
  const depth = layer.depth + 1;
  const layers: Layer[] = [];
  const ways = { quotedPrintable, keepSlashes: layer.isBackwards === true };
  const escaped =
    layer.isText && (quotedPrintable || mayHoldEscapes(layer.bytes)) ? unescapeOnce(layer.bytes, ways) : null;
  if (escaped !== null) {
    const place = placeBeforeUnescaping(layer, ways);
    layers.push({ bytes: escaped.bytes, depth, isText: true, place });
  }
  if (escaped?.isAmbiguous === true) {
    const other = unescapeOnce(layer.bytes, { ...ways, keepBackslashes: true });
    if (other !== null) layers.push({ bytes: other.bytes, depth, isText: true, place: nowhere });
  }
  const inside = (content: Uint8Array, isText: boolean): Layer => ({
    bytes: content,
    depth,
    isText,
    place: nowhere,
  });
  const opaque = (content: Uint8Array): Layer => inside(content, looksLikeText(content));
  // bytes that are mostly no text are looked at as they are: by chance they hold anything
  const isMostlyText = layer.isText && looksLikeText(layer.bytes);
  const plain = isMostlyText ? plainLetters(layer.bytes) : null;
  if (plain !== null) layers.push(inside(plain, true));
  const spread = layer.isText ? withoutSeparators(layer.bytes) : null;
  if (spread !== null) layers.push(inside(spread, true));
  const runs = decodeRuns(layer.bytes);
  const mayTurn = isMostlyText && layer.isBackwards !== true;
  const backwards = mayTurn ? turnedRound(layer.bytes, runs?.endsCompressed === true) : null;
  if (backwards !== null) layers.push({ ...inside(backwards, true), isBackwards: true });
  if (runs !== null) {
    const { text, binary } = sorted(runs);
    if (text.length > 0) layers.push(inside(text, true));
    if (binary.length > 0) layers.push(inside(binary, false));
    runs.starts.forEach((start, index) => {
      if (!looksCompressed(runs.bytes, start)) return;
      layers.push(...inflated(runs.bytes.subarray(start, runs.starts[index + 1]), budget, opaque));
    });
  }
  for (const start of magicPlaces(layer.bytes)) {
    layers.push(...inflated(decodeBase64At(layer.bytes, start, 2 * 1024 * 1024), budget, opaque));
  }
  if (layer.depth === 0 || !layer.isText) layers.push(...inflated(layer.bytes, budget, opaque));
  return layers;
}

function inflated(content: Uint8Array, budget: Budget, opaque: (content: Uint8Array) => Layer): Layer[] {
  if (budget.tries === 0 || budget.bytes <= 0 || !looksCompressed(content)) return [];
  budget.tries--;
  const output = inflateNested(content);
  if (output === null) return [];
  budget.bytes -= output.length;
  return [opaque(output)];
}

/** Where base64 of a gzip or zstd stream starts in the middle of a longer run. */
function magicPlaces(bytes: Uint8Array): number[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return ['H4sI', 'KLUv'].flatMap((magic) => {
    const places: number[] = [];
    for (let at = text.indexOf(magic); at >= 0 && places.length < 4; at = text.indexOf(magic, at + 4))
      places.push(at);
    return places;
  });
}

/** Spans in an unescaped layer are looked up by unescaping again, this time with places: hits are rare. */
function placeBeforeUnescaping(
  parent: Layer,
  ways: { quotedPrintable: boolean; keepSlashes: boolean },
): Layer['place'] {
  let starts: Uint32Array | null = null;
  return (start, end) => {
    starts ??= unescapeOnce(parent.bytes, { ...ways, withStarts: true })?.starts ?? new Uint32Array(0);
    const from = starts[start];
    // up to where the next byte starts, so that the whole of the last escape is inside
    const to = end < starts.length ? starts[end] : parent.bytes.length;
    return from === undefined || to === undefined ? null : parent.place(from, to);
  };
}

/** Decoded runs that read like text apart from those that do not, so that an image does not hide a word. */
function sorted({ bytes, starts }: DecodedRuns): { text: Uint8Array; binary: Uint8Array } {
  const endOf = (index: number): number => starts[index + 1] ?? bytes.length;
  const isText = starts.map((start, index) => looksLikeText(bytes, start, endOf(index)));
  const none = new Uint8Array(0);
  if (!isText.includes(false)) return { text: bytes, binary: none };
  if (!isText.includes(true)) return { text: none, binary: bytes };
  // neighbours of one kind are copied together: a lock file has thousands of digests
  const texts: Uint8Array[] = [];
  const binaries: Uint8Array[] = [];
  for (let from = 0; from < starts.length;) {
    let to = from + 1;
    while (to < starts.length && isText[to] === isText[from]) to++;
    (isText[from] === true ? texts : binaries).push(bytes.subarray(starts[from], endOf(to - 1)));
    from = to;
  }
  return { text: Buffer.concat(texts), binary: Buffer.concat(binaries) };
}
