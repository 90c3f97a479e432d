import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface ServerCertificate {
  /** path of the CA certificate that clients must trust */
  readonly caFile: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes a CA and a server certificate with openssl, so that our own certificate code does not vouch for itself. */
export function makeServerCertificate(dir: string, names: readonly string[]): ServerCertificate {
  const at = (name: string): string => path.join(dir, name);
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...ec,
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.crt'),
    '-days',
    '2',
    '-subj',
    '/CN=e2e CA',
  );
  openssl(
    'req',
    ...ec,
    '-keyout',
    at('server.key'),
    '-out',
    at('server.csr'),
    '-subj',
    `/CN=${names[0] ?? ''}`,
  );
  const san = names.map((name) => (/^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`)).join(',');
  writeFileSync(at('server.ext'), `subjectAltName=${san}\nextendedKeyUsage=serverAuth\n`);
  const sign = [
    'x509',
    '-req',
    '-in',
    at('server.csr'),
    '-CA',
    at('ca.crt'),
    '-CAkey',
    at('ca.key'),
    '-days',
    '2',
  ];
  openssl(...sign, '-set_serial', '7', '-extfile', at('server.ext'), '-out', at('server.crt'));
  return {
    caFile: at('ca.crt'),
    cert: readFileSync(at('server.crt'), 'utf8'),
    key: readFileSync(at('server.key'), 'utf8'),
  };
}
