import { createHash } from 'node:crypto';
import type { AllowEntry } from '../contracts.ts';
import { isAllowed } from '../findings/is-allowed.ts';
import { tokenRules } from '../tokens/rules/index.ts';
import { TokenSearch, type TokenHit } from '../tokens/token-search.ts';
import type { Hit, LayerDetector, LayerOptions } from './hit.ts';

let shared: TokenSearch | null = null;

/** Searches credential formats. */
export class TokenPatterns implements LayerDetector {
  readonly #search: TokenSearch;
  readonly #accepts: (hit: TokenHit) => boolean;

  /** Allowed hits do not count, so that a flood of them cannot exhaust the limit. */
  constructor(allow: readonly AllowEntry[]) {
    shared ??= new TokenSearch(tokenRules);
    this.#search = shared;
    this.#accepts = (hit) => allow.length === 0 || !isAllowed(allow, identityOf(hit));
  }

  search(text: Uint8Array, options: LayerOptions): Hit[] {
    if (!options.isText) return [];
    return this.#search.search(text, options.limit, this.#accepts).map((hit) => ({
      detector: 'token_patterns',
      ...identityOf(hit),
      severity: hit.rule.severity,
      start: hit.start,
      end: hit.end,
    }));
  }
}

function identityOf(hit: TokenHit): { rule: string; sha256: string } {
  return {
    rule: `token_patterns/${hit.rule.id}`,
    sha256: createHash('sha256').update(hit.value, 'latin1').digest('hex'),
  };
}
