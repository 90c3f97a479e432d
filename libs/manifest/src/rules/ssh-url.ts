import { type Finding, finding } from './finding.ts';
import { readHost } from './host.ts';

export interface SshUrl {
  readonly user: string;
  /** normalised, IPv6 without brackets */
  readonly host: string;
  readonly port: number;
  /** absolute, e.g. `/org/name.git` */
  readonly path: string;
}

export type SshUrlReading =
  | { readonly ok: true; readonly url: SshUrl }
  | { readonly ok: false; readonly finding: Finding };

const form = 'ssh://user@host[:port]/path';
const bad = (message: string, hint: string | null = null): SshUrlReading => ({
  ok: false,
  finding: finding(message, hint),
});

/**
 * Reads `ssh://user@host[:port]/path`. User and host never start with `-` (they become arguments of ssh), and the
 * path holds nothing that a shell on the other side could read as more than a path.
 */
export function readSshUrl(text: string): SshUrlReading {
  if (!text.startsWith('ssh://')) {
    const scp = /^[^/:@]+@[^/:@]+:/.test(text);
    return bad('must be an ssh URL', scp ? `write the scp form as ${form}` : `write ${form}`);
  }
  const match = /^ssh:\/\/([^@/]*)@(\[[^\]/]*\]|[^:/[\]@]*)(?::([^/]*))?(\/.*)?$/s.exec(text);
  if (match === null) return bad('this is not a complete ssh URL', `write ${form}`);
  const [, user = '', host = '', port = '22', path = ''] = match;
  if (user.includes(':')) return bad('the URL must not hold a password', 'the gate logs in with a key');
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/.test(user))
    return bad('the user name is not valid', `write ${form}`);
  if (host.startsWith('-')) return bad('the host must not start with `-`');
  const reading = readHost(host);
  if (!reading.ok || reading.kind === 'wildcard') return bad('the host is not valid', `write ${form}`);
  if (!/^[0-9]{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
    return bad('the port must be a number from 1 to 65535');
  }
  if (path === '' || /^\/+$/.test(path)) return bad('the path of the repository is missing', `write ${form}`);
  if (!/^\/[A-Za-z0-9._~+@=,:/-]*$/.test(path)) return bad('the path holds a character that is not accepted');
  if (path.split('/').some((segment) => segment === '..' || segment.startsWith('-'))) {
    return bad('no segment of the path may be `..` or start with `-`');
  }
  return { ok: true, url: { user, host: reading.host, port: Number(port), path } };
}
