import type { BottleFrontMatter } from '../schema/bottle.ts';
import type { ManifestSource } from '../source.ts';

/** A bottle as one file or object declares it: validated by itself, `extends` not yet folded. */
export interface DeclaredBottle {
  readonly name: string;
  readonly source: ManifestSource;
  readonly extends: readonly string[];
  readonly declared: BottleFrontMatter;
}

/** An agent as one file or object declares it: validated by itself, its bottle not yet looked up. */
export interface DeclaredAgent {
  readonly name: string;
  readonly source: ManifestSource;
  readonly bottle: string;
  readonly skills: readonly string[];
  readonly gitUser: { readonly name: string | null; readonly email: string | null };
  /** trimmed */
  readonly prompt: string;
  /** SHA-256, hex, of the file's bytes (UTF-8); of the canonical JSON of an object */
  readonly contentHash: string;
}

/** Where bottles are looked up by name. A `Map` is one. */
export interface BottleLookup {
  get(name: string): DeclaredBottle | undefined;
  keys(): Iterable<string>;
}
