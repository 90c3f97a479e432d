import { createInboundScanner, createScanner, type HeadSurfaces } from '@bot-bottle/dlp';
import { injectionRules } from '../../src/inbound/injection-rules.ts';
import { seedWords } from '../../src/seed/seed-words.ts';
import { tokenRules } from '../../src/tokens/rules/index.ts';
import { TokenSearch } from '../../src/tokens/token-search.ts';
import type { Growing } from './growth.ts';
import { bytes, canary, secret } from './values.ts';
import { worstOfHeads, worstOfLayers, worstOfRule } from './worst-cases.ts';

/** Each rule of `token_patterns` with the texts that are hardest for it. */
export function* growingRules(): Generator<Growing> {
  const search = new TokenSearch(tokenRules);
  for (const rule of tokenRules) {
    const shapes = Object.values(worstOfRule(rule));
    // work that is not linear outgrows the rest, so one text can hold every shape
    const make = (size: number): Uint8Array =>
      bytes(shapes.map((shape) => aligned(shape(size / shapes.length))).join(''));
    yield {
      name: `token_patterns/${rule.id}`,
      make,
      search: (text) => search.search(text, 256, () => false),
    };
  }
}

/** All layers with the bodies that are made to keep them busy. */
export function* growingLayers(): Generator<Growing> {
  const scanner = createScanner({
    detectors: ['known_secrets', 'token_patterns', 'canary', 'crlf'],
    knownSecrets: [{ name: 'A', value: secret }],
    canaries: [{ name: 'B', value: canary }],
    allow: [],
  });
  for (const [name, make] of Object.entries(worstOfLayers))
    yield { name, make: (size) => bytes(make(size)), search: (text) => scanner.scanBytes(text, 'body') };
}

/** What looks at heads, at seed phrases, and at what comes back. */
export function* growingOthers(): Generator<Growing> {
  const seeds = createScanner({ detectors: ['seed_phrase'], knownSecrets: [], canaries: [], allow: [] });
  const words = repeated(`${seedWords.toReversed().join(' ')} `);
  yield { name: 'seed_phrase', make: words, search: (text) => seeds.scanBytes(text, 'body') };
  for (const [name, text] of Object.entries(worstOfHeads)) {
    const detector = name.startsWith('crlf') ? 'crlf' : 'entropy';
    const heads = createScanner({ detectors: [detector], knownSecrets: [], canaries: [], allow: [] });
    yield { name, make: repeated(text), search: (path) => heads.scanHead(headWith(path)) };
  }
  const inbound = createInboundScanner({ detectors: ['prompt_injection'], allow: [] });
  for (const rule of injectionRules) {
    const make = repeated(`${rule.anchors.join(' ')} `);
    const name = `prompt_injection/${rule.id}`;
    yield { name, make, search: (text) => inbound.scanBytes(text, 'response') };
  }
}

/** What repeats itself stands at the same place of each eight bytes whatever its length: how often it is looked at depends on it. */
function aligned(text: string): string {
  return text.padEnd(Math.ceil((text.length + 1) / 8) * 8, '\n');
}

function repeated(text: string): Growing['make'] {
  const piece = bytes(text);
  return (size) => Buffer.alloc(Math.ceil(size / piece.length) * piece.length, piece);
}

function headWith(path: Uint8Array): HeadSurfaces {
  const text = Buffer.from(path.buffer, path.byteOffset, path.length).toString('latin1');
  return { host: 'api.example.test', path: text, query: null, headers: [] };
}
