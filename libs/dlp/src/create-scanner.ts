import { scanBody } from './body/scan-body.ts';
import type { AllowEntry, OutboundDetector, Scanner, ScannerOptions } from './contracts.ts';
import type { LayerDetector } from './detectors/hit.ts';
import { KnownValues } from './detectors/known-values.ts';
import { SeedPhrases } from './detectors/seed-phrases.ts';
import { TokenPatterns } from './detectors/token-patterns.ts';
import { DlpError } from './errors.ts';
import { CleanHeads } from './head/clean-heads.ts';
import { scanHead } from './head/scan-head.ts';
import { scanText, type ScanContext } from './scan/scan-text.ts';
import { ScannedBody } from './stream/body-stream.ts';

/**
 * Compiles a scanner. Values are trimmed of white space; those under 8 bytes are not searched, those under 16 only
 * unsplit. The scanner keeps no state between calls that
 * changes what it finds but what `options.fragments` remembers.
 *
 * @throws DlpError `invalid_options` for an unknown detector, a value without a name, or an `allow` entry that names
 * nothing
 */
export function createScanner(options: ScannerOptions): Scanner {
  validate(options);
  const runs = (name: OutboundDetector): boolean => options.detectors.includes(name);
  const known = KnownValues.of(
    runs('known_secrets') ? options.knownSecrets : [],
    runs('canary') ? options.canaries : [],
  );
  return scannerOf(options, known, options.allow);
}

function scannerOf(options: ScannerOptions, known: KnownValues, allow: readonly AllowEntry[]): Scanner {
  const runs = (name: OutboundDetector): boolean => options.detectors.includes(name);
  const detectors: LayerDetector[] = [];
  const values = known.without(allow);
  if (!values.isEmpty) detectors.push(values);
  if (runs('token_patterns')) detectors.push(new TokenPatterns(allow));
  if (runs('seed_phrase')) detectors.push(new SeedPhrases(allow));
  const crlf = runs('crlf');
  const entropy = runs('entropy');
  const context: ScanContext = { detectors, allow, fragments: options.fragments ?? null };
  const headOptions = { ...context, crlf, entropy, clean: new CleanHeads() };
  return {
    scanHead: (head) => scanHead(head, headOptions),
    scanBody: (body, kind) => scanBody(body, kind, context),
    scanBytes: (bytes, surface) => scanText(bytes, surface, context),
    stream: (kind) => new ScannedBody(kind, context, Number.POSITIVE_INFINITY),
    allowing: (more) => {
      validateAllow(more);
      return scannerOf(options, known, [...allow, ...more]);
    },
  };
}

function validate(options: ScannerOptions): void {
  for (const name of options.detectors) {
    switch (name) {
      case 'known_secrets':
      case 'token_patterns':
      case 'canary':
      case 'crlf':
      case 'entropy':
      case 'seed_phrase':
        break;
      default:
        throw new DlpError('invalid_options', 'unknown detector', { data: { detector: String(name) } });
    }
  }
  for (const secret of [...options.knownSecrets, ...options.canaries]) {
    if (secret.name === '')
      throw new DlpError('invalid_options', 'a value without a name cannot be reported');
  }
  validateAllow(options.allow);
}

function validateAllow(allow: readonly AllowEntry[]): void {
  if (allow.some((entry) => entry.rule === undefined && entry.sha256 === undefined)) {
    throw new DlpError('invalid_options', 'an allow entry must name a rule or a sha256');
  }
}
