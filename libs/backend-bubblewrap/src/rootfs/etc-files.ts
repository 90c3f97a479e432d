import { type SidecarName } from '@bot-bottle/backend';
import { guestHome, guestId } from '../guest-layout.ts';

/** The files of /etc that are written for each bottle: users of its own, no resolver, names of the sidecars. */
export function etcFiles(sidecars: readonly SidecarName[]): Readonly<Record<string, string>> {
  const names = ['localhost', 'bottle', ...sidecars].join(' ');
  return {
    passwd: [
      'root:x:0:0:root:/root:/usr/sbin/nologin',
      `node:x:${guestId}:${guestId}:node:${guestHome}:/bin/bash`,
      'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
      '',
    ].join('\n'),
    group: ['root:x:0:', `node:x:${guestId}:`, 'nogroup:x:65534:', ''].join('\n'),
    hosts: `127.0.0.1 ${names}\n::1 localhost\n`,
    'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
    // no nameserver line would mean 127.0.0.1; nothing listens there, and look-ups give up at once
    'resolv.conf': 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n',
    hostname: 'bottle\n',
  };
}

/** What programs may read of the host's /etc: public certificates, and how to find libraries, time and terminals. */
export const sharedEtc = [
  'alternatives',
  'ca-certificates',
  'ca-certificates.conf',
  'crypto-policies',
  'debian_version',
  'inputrc',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'locale.alias',
  'locale.conf',
  'localtime',
  'magic',
  'magic.mime',
  'mime.types',
  'os-release',
  'perl',
  'pki/ca-trust',
  'pki/tls/cert.pem',
  'pki/tls/certs',
  'pki/tls/openssl.cnf',
  'protocols',
  'python3',
  'python3.11',
  'python3.12',
  'python3.13',
  'rpc',
  'services',
  'shells',
  'ssl/cert.pem',
  'ssl/certs',
  'ssl/openssl.cnf',
  'terminfo',
  'timezone',
] as const;

/** What a sidecar reads of the host's /etc; those that make names resolve only when it has the network. */
export const sidecarEtc = [
  'ld.so.cache',
  'localtime',
  'pki/ca-trust',
  'pki/tls/cert.pem',
  'pki/tls/certs',
  'ssl/cert.pem',
  'ssl/certs',
  'ssl/openssl.cnf',
] as const;
export const sidecarNetworkEtc = ['gai.conf', 'hosts', 'nsswitch.conf', 'resolv.conf', 'services'] as const;
