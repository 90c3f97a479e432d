/**
 * Detector names that a route may list. The detectors themselves live in `@bot-bottle/dlp`; this package depends on
 * nothing else of ours, so the vocabulary of the manifest is spelled out here.
 */
export const outboundDetectorNames = [
  'known_secrets',
  'token_patterns',
  'canary',
  'crlf',
  'entropy',
  'seed_phrase',
] as const;
export const inboundDetectorNames = ['prompt_injection'] as const;
