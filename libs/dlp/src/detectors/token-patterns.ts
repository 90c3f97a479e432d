import { createHash } from 'node:crypto';
import { tokenRules } from '../tokens/rules/index.ts';
import { TokenSearch } from '../tokens/token-search.ts';
import type { Hit, LayerDetector, LayerOptions } from './hit.ts';

let shared: TokenSearch | null = null;

/** Searches credential formats. */
export class TokenPatterns implements LayerDetector {
  readonly #search: TokenSearch;

  constructor() {
    shared ??= new TokenSearch(tokenRules);
    this.#search = shared;
  }

  search(text: Uint8Array, options: LayerOptions): Hit[] {
    if (!options.isText) return [];
    return this.#search.search(text, options.limit).map((hit) => ({
      detector: 'token_patterns',
      rule: `token_patterns/${hit.rule.id}`,
      severity: hit.rule.severity,
      sha256: createHash('sha256').update(hit.value, 'latin1').digest('hex'),
      start: hit.start,
      end: hit.end,
    }));
  }
}
