import { BackendError } from '@bot-bottle/backend';

/** Where an engine listens; `display` is safe to print. */
export type EngineAddress =
  | { readonly kind: 'unix'; readonly path: string; readonly display: string }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      readonly tls: boolean;
      readonly display: string;
    }
  | {
      readonly kind: 'ssh';
      readonly host: string;
      readonly port: number;
      readonly username: string | null;
      readonly display: string;
    };

/**
 * Reads an address as DOCKER_HOST has it: `unix:///path`, `tcp://host[:port]` or `ssh://[user@]host[:port]`.
 *
 * @param tlsVerify whether DOCKER_TLS_VERIFY is set; port 2376 means TLS anyway
 * @throws BackendError `settings_invalid`
 */
export function engineAddress(text: string, tlsVerify: boolean): EngineAddress {
  const invalid = (why: string): BackendError =>
    new BackendError('settings_invalid', `the address of the engine ${why}`, {
      hint: 'docker.host or DOCKER_HOST: unix:///path, tcp://host:port or ssh://user@host',
    });
  if (text.startsWith('unix://')) {
    const path = text.slice('unix://'.length);
    if (!path.startsWith('/')) throw invalid('names no absolute path of a socket');
    return { kind: 'unix', path, display: `unix://${path}` };
  }
  const full = text.includes('://') ? text : `tcp://${text}`;
  if (!URL.canParse(full)) throw invalid('cannot be read');
  const url = new URL(full);
  if (url.password !== '') throw invalid('must not hold a password');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (host === '' || url.search !== '' || url.hash !== '' || !['', '/'].includes(url.pathname))
    throw invalid('cannot be read');
  const display = `${url.protocol}//${url.host}`;
  switch (url.protocol) {
    case 'tcp:':
    case 'http:':
    case 'https:': {
      const isTls = tlsVerify || url.protocol === 'https:' || url.port === '2376';
      const port = url.port === '' ? (isTls ? 2376 : 2375) : Number(url.port);
      if (url.username !== '') throw invalid('must not name a user');
      return { kind: 'tcp', host, port, tls: isTls, display };
    }
    case 'ssh:': {
      const username = url.username === '' ? null : decodeURIComponent(url.username);
      return { kind: 'ssh', host, port: url.port === '' ? 22 : Number(url.port), username, display };
    }
    default:
      throw invalid(`has an unknown scheme ${url.protocol}`);
  }
}
