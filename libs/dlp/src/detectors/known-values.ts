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

/** Whether a value is searched at all: one under 8 bytes, without the white space around it, is not. */
export function isSearched(value: string): boolean {
  return trimmed(value).length >= MIN_VALUE;
}

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

/** What is compiled of values, which takes milliseconds for each. */
interface Compiled {
  readonly values: readonly Value[];
  readonly literals: LiteralSet<Target>;
  readonly skeletons: LiteralSet<Target>;
}

/** Searches values that are known, in every spelling. */
export class KnownValues implements LayerDetector {
  readonly #compiled: Compiled;

  private constructor(compiled: Compiled) {
    this.#compiled = compiled;
  }

  /** Values under 8 bytes are left out. */
  static of(secrets: readonly KnownSecret[], canaries: readonly KnownSecret[]): KnownValues {
    const values = [
      ...secrets.map((secret) => valueOf('known_secrets', secret)),
      ...canaries.map((canary) => valueOf('canary', canary)),
    ].filter((value) => value.bytes.length >= MIN_VALUE);
    const literals: Array<Literal<Target>> = [];
    const skeletons: Array<Literal<Target>> = [];
    for (const value of values) {
      for (const { start, bytes } of windowsOf(value.bytes)) {
        const target: Target = { value, offset: start };
        const forms = literalForms(bytes);
        for (const entry of forms) literals.push(literal(target, entry));
        for (const entry of skeletonForms(bytes, forms)) skeletons.push(literal(target, entry));
      }
    }
    return new KnownValues({
      values,
      literals: LiteralSet.of(literals, fragmentsOf(values, 'plain')),
      skeletons: LiteralSet.of(skeletons, fragmentsOf(values, 'skeleton')),
    });
  }

  /**
   * The same search without the values that `allow` names, so that a flood of them cannot exhaust the limit. Shares
   * what was compiled.
   */
  without(allow: readonly AllowEntry[]): KnownValues {
    const { literals, skeletons } = this.#compiled;
    const values = this.#compiled.values.filter((value) => !isAllowed(allow, value));
    if (values.length === this.#compiled.values.length) return this;
    const left = new Set(values);
    const isWanted = ({ value }: Target): boolean => left.has(value);
    return new KnownValues({
      values,
      literals: literals.only(isWanted, fragmentsOf(values, 'plain')),
      skeletons: skeletons.only(isWanted, fragmentsOf(values, 'skeleton')),
    });
  }

  get isEmpty(): boolean {
    return this.#compiled.values.length === 0;
  }

  search(text: Uint8Array, options: LayerOptions): Hit[] {
    if (this.isEmpty) return [];
    const { fold, limit, tally } = options;
    const { literals, skeletons } = this.#compiled;
    const hits = literals.search(text, fold, limit, tally).map((hit) => widened(text, hit));
    if (!options.isText || skeletons.size === 0) return hits;
    const skeleton = passingSkeletonOf(text);
    let starts: Uint32Array | null = null;
    tally?.leave();
    for (const hit of skeletons.search(skeleton, fold, limit, tally)) {
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

function fragmentsOf(values: readonly Value[], kind: 'plain' | 'skeleton'): FragmentIndex {
  return new FragmentIndex(
    values.filter((value) => value.bytes.length >= MIN_SPLIT),
    kind,
  );
}

/** `literals`: what `literalForms` gives for the value */
function skeletonForms(value: Uint8Array, literals: readonly EncodedForm[]): EncodedForm[] {
  if (value.length < MIN_SPLIT) return [];
  const seen = new Set<string>();
  const forms: EncodedForm[] = [];
  for (const entry of [...literals, ...listForms(value)]) {
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
