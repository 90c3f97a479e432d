import { injectionRules } from '../../src/inbound/injection-rules.ts';
import { tokenRules } from '../../src/tokens/rules/index.ts';
import { sourceOf } from '../../src/tokens/sources.ts';

const checked: Readonly<Record<string, string>> = {
  'github-pat': 'CRC-32',
  'github-oauth': 'CRC-32',
  'github-app': 'CRC-32',
  'github-refresh': 'CRC-32',
  'npm-token': 'CRC-32',
  'age-secret-key': 'Bech32',
  jwt: 'JSON header with `alg`',
  'private-key': 'key material',
  'database-url': 'real password and host',
  'basic-auth-url': 'real password and host',
  'sentry-org-token': 'JSON',
  'grafana-cloud-token': 'JSON',
  'onepassword-service-token': 'JSON',
};

/** The rules as docs/dlp.md lists them. */
export function rulesTable(): string {
  const rows = tokenRules
    .map(
      ({ id, severity }) =>
        `| \`token_patterns/${id}\` | ${severity} | ${checked[id] ?? 'alphabet, length'} | ${sourceOf(id)} |`,
    )
    .toSorted();
  const inbound = [
    ...injectionRules.map(({ id, severity }) => [id, severity] as const),
    ['invisible-text', 'medium'] as const,
  ]
    .map(([id, severity]) => `| \`prompt_injection/${id}\` | ${severity} |`)
    .toSorted();
  return [
    '## Rules of `token_patterns`',
    '',
    '| rule | severity | checked beyond the prefix | described in |',
    '|---|---|---|---|',
    ...rows,
    '',
    '## Rules of `prompt_injection`',
    '',
    '| rule | severity |',
    '|---|---|',
    ...inbound,
    '',
  ].join('\n');
}
