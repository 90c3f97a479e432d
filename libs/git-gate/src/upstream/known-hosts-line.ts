import { GitGateError } from '../errors.ts';
import { sshPort } from './upstream-address.ts';

/**
 * One line of a known_hosts file, without a line break (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): the host, as
 * `[host]:port` unless the port is 22, and its key.
 *
 * @param repo `host` with or without brackets around an IPv6 address; `hostKey` as `<type> <base64>`
 * @throws GitGateError `invalid_host_key` for anything that known_hosts would read as more than one host with one key
 */
export function knownHostsLine(repo: {
  readonly host: string;
  readonly port: number;
  readonly hostKey: string;
}): string {
  const host = repo.host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const key = repo.hostKey.trim();
  // no `*`, `?`, `!`, `,`, `|` or `@`: those make patterns, lists, hashes and markers
  if (!/^[a-z0-9._:%-]+$/.test(host)) {
    throw new GitGateError('invalid_host_key', 'known_hosts cannot name the host of this repository');
  }
  if (!/^[a-z][a-z0-9@.-]* [A-Za-z0-9+/]+={0,2}(?: [\x20-\x7e]*)?$/.test(key)) {
    throw new GitGateError(
      'invalid_host_key',
      `the host key of ${host} is not one line \`<type> <base64>\`; correct \`host_key\` in the manifest`,
    );
  }
  return `${repo.port === sshPort ? host : `[${host}]:${repo.port}`} ${key}`;
}
