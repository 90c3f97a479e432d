import { createHash } from 'node:crypto';
import type { AllowEntry, KnownSecret } from '../contracts.ts';
import { isAllowed } from '../findings/is-allowed.ts';
import { FragmentIndex } from '../fragments/fragment-index.ts';
import { literalForms } from '../forms/all-forms.ts';
import { form, type EncodedForm } from '../forms/encoded-form.ts';
import { listForms } from '../forms/simple-forms.ts';
import { trimmed } from '../forms/trimmed.ts';
import { windowsOf } from '../forms/windows-of.ts';
import { characterEnd, passingSkeletonOf, skeletonOf, skeletonStarts } from '../layers/skeleton.ts';
import { sameBytes } from '../literals/fold.ts';
import { LiteralSet, type Literal, type LiteralHit } from '../literals/literal-set.ts';
import type { Hit, LayerDetector, LayerOptions } from './hit.ts';

/** Values shorter than this are not searched: they occur by chance. */
export const MIN_VALUE = 8;
/** Values shorter than this are searched in whole spellings only, never split up. */
const MIN_SPLIT = 16;
/** Letters and digits that a split-up spelling must have. */
const MIN_SKELETON = 12;

interface Value {
  readonly detector: 'known_secrets' | 'canary';
  readonly rule: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

interface Target {
  readonly value: Value;
  /** start of the searched part in the value */
  readonly offset: number;
}

/** Searches values that are known, in every spelling. */
export class KnownValues implements LayerDetector {
  readonly #literals: LiteralSet<Target>;
  readonly #skeletons: LiteralSet<Target>;

  /** Allowed values are not searched at all, so that a flood of them cannot exhaust the limit. */
  constructor(
    secrets: readonly KnownSecret[],
    canaries: readonly KnownSecret[],
    allow: readonly AllowEntry[],
  ) {
    const values = [
      ...secrets.map((secret) => valueOf('known_secrets', secret)),
      ...canaries.map((canary) => valueOf('canary', canary)),
    ].filter((value) => value.bytes.length >= MIN_VALUE && !isAllowed(allow, value));
    const targets = values.flatMap((value) =>
      windowsOf(value.bytes).map((part) => ({ target: { value, offset: part.start }, bytes: part.bytes })),
    );
    const divisible = values.filter((value) => value.bytes.length >= MIN_SPLIT);
    this.#literals = new LiteralSet(
      targets.flatMap(({ target, bytes }) => literalForms(bytes).map((entry) => literal(target, entry))),
      new FragmentIndex(divisible, 'plain'),
    );
    this.#skeletons = new LiteralSet(
      targets.flatMap(({ target, bytes }) => skeletonForms(bytes).map((entry) => literal(target, entry))),
      new FragmentIndex(divisible, 'skeleton'),
    );
  }

  get isEmpty(): boolean {
    return this.#literals.size === 0;
  }

  search(text: Uint8Array, options: LayerOptions): Hit[] {
    if (this.isEmpty) return [];
    const { fold, limit, tally } = options;
    const hits = this.#literals.search(text, fold, limit, tally).map((hit) => widened(text, hit));
    if (!options.isText || this.#skeletons.size === 0) return hits;
    const skeleton = passingSkeletonOf(text);
    let starts: Uint32Array | null = null;
    tally?.leave();
    for (const hit of this.#skeletons.search(skeleton, fold, limit, tally)) {
      starts ??= skeletonStarts(text);
      const start = starts[hit.start] ?? 0;
      const end = characterEnd(text, starts[hit.end - 1] ?? 0);
      const { value } = hit.literal.owner;
      // most of them are what the plain search has found already
      if (hits.some((other) => other.rule === value.rule && other.start < end && other.end > start)) continue;
      hits.push(hitOf(value, start, end));
      if (hits.length >= limit) break;
    }
    return hits;
  }
}

function valueOf(detector: Value['detector'], secret: KnownSecret): Value {
  const bytes = trimmed(secret.value);
  return {
    detector,
    rule: `${detector}/${secret.name}`,
    bytes,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

function literal(owner: Target, entry: EncodedForm): Literal<Target> {
  return { owner, encoding: entry.encoding, bytes: entry.bytes, caseInsensitive: entry.caseInsensitive };
}

function skeletonForms(value: Uint8Array): EncodedForm[] {
  if (value.length < MIN_SPLIT) return [];
  const seen = new Set<string>();
  const forms: EncodedForm[] = [];
  for (const entry of [...literalForms(value), ...listForms(value)]) {
    const bytes = skeletonOf(entry.bytes);
    // a spelling that is mostly signs has too little left to tell it by
    if (bytes.length < MIN_SKELETON || bytes.length * 2 < value.length) continue;
    const key = Buffer.from(bytes).toString('latin1');
    if (seen.has(key)) continue;
    seen.add(key);
    forms.push(form(entry.encoding, bytes, entry.caseInsensitive));
  }
  return forms;
}

/** A hit on a part of a value, widened to the whole value where it stands there unencoded. */
function widened(text: Uint8Array, hit: LiteralHit<Target>): Hit {
  const { value, offset } = hit.literal.owner;
  const start = hit.start - offset;
  const isWhole =
    hit.literal.encoding === 'raw' &&
    value.bytes.length > hit.literal.bytes.length &&
    sameBytes(text, start, value.bytes, false);
  return isWhole ? hitOf(value, start, start + value.bytes.length) : hitOf(value, hit.start, hit.end);
}

function hitOf(value: Value, start: number, end: number): Hit {
  return {
    detector: value.detector,
    rule: value.rule,
    severity: 'critical',
    sha256: value.sha256,
    start,
    end,
  };
}
