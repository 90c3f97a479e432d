import { normalizeHostPattern } from '@bot-bottle/egress';
import { PipelockError } from './errors.ts';

const MAX_HOSTS = 10_000;

/** A list of hosts as a person edits it: one a line. */
export function renderAllowlist(hosts: readonly string[]): string {
  return [
    '# Hosts that pipelock lets through, one a line. `*.example.com` covers example.com too.',
    ...hosts,
    '',
  ].join('\n');
}

/**
 * Reads what `renderAllowlist` wrote and a person changed: `#` begins a comment, case and order do not matter.
 *
 * @throws PipelockError `invalid_allowlist` with every line that is not a host, or when none is left
 */
export function parseAllowlist(text: string): string[] {
  const problems: string[] = [];
  const hosts = text.split(/\r\n|\n/).flatMap((line, index) => {
    const given = line.replace(/#.*$/, '').trim();
    if (given === '') return [];
    const host = normalizeHostPattern(given);
    if (host !== null) return [host];
    problems.push(`line ${index + 1}: is not a host such as api.example.com or *.example.com`);
    return [];
  });
  if (hosts.length === 0 && problems.length === 0) problems.push('the list holds no host');
  if (hosts.length > MAX_HOSTS) problems.push(`the list holds more than ${MAX_HOSTS} hosts`);
  if (problems.length > 0)
    throw new PipelockError('invalid_allowlist', `the list of hosts is not valid: ${problems.join('; ')}`, {
      problems,
    });
  return [...new Set(hosts)].toSorted((a, b) => (a < b ? -1 : 1));
}
