import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { EgressError } from '../errors.ts';
import { normalizeHost } from '../hosts/normalize-host.ts';
import { distinguishedName, keyIdentifier, signCertificate } from './certificate.ts';
import { embed } from './der.ts';
import type { Asn1 } from './der.ts';
import { leafExtensions } from './extensions.ts';
import { createLru } from './lru.ts';
import { makeKeyPair, organisation } from './mint-authority.ts';
import type { Authority, KeyPair } from './mint-authority.ts';

export interface Leaf {
  /** PEM of the leaf; the agent has the CA */
  readonly cert: string;
  /** PEM, PKCS #8; the same for every leaf of one minter */
  readonly key: string;
  /** ready for a TLS server */
  readonly context: SecureContext;
}

export interface LeafMinter {
  /** The certificate of a host, minted off the event loop the first time. Rejects for what is not a host. */
  leaf(host: string): Promise<Leaf>;
  /** how many hosts are cached */
  readonly size: number;
}

const hour = 60 * 60 * 1000;

/**
 * Mints leaf certificates with one key per process and remembers the last `limit` hosts.
 *
 * @throws EgressError `invalid_authority` when certificate and key do not belong together or are not a CA's
 */
export function createLeafMinter(
  authority: Authority,
  options: { readonly limit?: number } = {},
): LeafMinter {
  const issuer = readAuthority(authority);
  const cache = createLru<string, Promise<Leaf>>(options.limit ?? 512);
  let pair: Promise<KeyPair> | null = null;

  async function mint(host: string): Promise<Leaf> {
    pair ??= makeKeyPair();
    const { privateKey, publicKey } = await pair;
    const notBefore = Math.max(Date.now() - hour, issuer.notBefore);
    const cert = await signCertificate(
      {
        subject: distinguishedName(organisation, host),
        issuer: issuer.name,
        notBefore: new Date(notBefore),
        notAfter: new Date(issuer.notAfter),
        publicKey,
        extensions: leafExtensions(host, keyIdentifier(publicKey), issuer.keyId),
      },
      issuer.key,
    );
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return { cert, key, context: createSecureContext({ cert, key }) };
  }

  return {
    leaf(text) {
      const normal = normalizeHost(text);
      if (normal === null) return Promise.reject(new TypeError('a leaf certificate needs a host'));
      const { host } = normal;
      const known = cache.get(host);
      if (known !== undefined) return known;
      const minted = mint(host);
      cache.set(host, minted);
      minted.catch(() => cache.delete(host));
      return minted;
    },
    get size() {
      return cache.size;
    },
  };
}

interface Issuer {
  readonly key: KeyObject;
  readonly name: Asn1;
  readonly keyId: Buffer;
  readonly notBefore: number;
  readonly notAfter: number;
}

function readAuthority(authority: Authority): Issuer {
  let cert: X509Certificate;
  let key: KeyObject;
  try {
    cert = new X509Certificate(authority.cert);
    key = createPrivateKey(authority.key);
  } catch {
    // The cause is left out on purpose: it may quote the key.
    throw new EgressError('invalid_authority', 'the CA certificate or its key can not be read');
  }
  if (!cert.ca) throw new EgressError('invalid_authority', 'the certificate is not that of a CA');
  if (!cert.checkPrivateKey(key))
    throw new EgressError('invalid_authority', 'the CA certificate and key do not match');
  if (key.asymmetricKeyType !== 'ec')
    throw new EgressError('invalid_authority', 'the CA key is not an EC key');
  return {
    key,
    name: subjectOf(cert),
    keyId: keyIdentifier(cert.publicKey.export({ type: 'spki', format: 'der' })),
    notBefore: cert.validFromDate.getTime(),
    notAfter: cert.validToDate.getTime(),
  };
}

/** The subject as encoded, because an issuer must equal it byte for byte (RFC 5280 6.1.3). */
function subjectOf(cert: X509Certificate): Asn1 {
  const whole = embed(cert.raw);
  const [body] = children(whole);
  const fields = body === undefined ? [] : children(body);
  // version, serial, algorithm, issuer, validity, subject
  const subject = fields[5];
  if (subject === undefined) throw new EgressError('invalid_authority', 'the CA certificate has no subject');
  return subject;
}

function children(node: Asn1): readonly Asn1[] {
  return typeof node.value === 'string' ? [] : node.value;
}
