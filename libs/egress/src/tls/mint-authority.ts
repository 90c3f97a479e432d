import { generateKeyPair } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { distinguishedName, keyIdentifier, signCertificate } from './certificate.ts';
import { authorityExtensions } from './extensions.ts';

/** A bottle's CA. The key is a secret: it stays in memory or in a file of mode 0600. */
export interface Authority {
  /** PEM */
  readonly cert: string;
  /** PEM, PKCS #8 */
  readonly key: string;
}

export const organisation = 'bot-bottle';

const day = 24 * 60 * 60 * 1000;
const hour = 60 * 60 * 1000;

export interface KeyPair {
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo, DER */
  readonly publicKey: Buffer;
}

/** Makes an EC P-256 key off the event loop. */
export function makeKeyPair(): Promise<KeyPair> {
  return new Promise((resolve, reject) => {
    generateKeyPair('ec', { namedCurve: 'P-256' }, (error, publicKey, privateKey) => {
      if (error === null)
        resolve({ privateKey, publicKey: publicKey.export({ type: 'spki', format: 'der' }) });
      else reject(error);
    });
  });
}

/**
 * Mints the CA of one bottle: EC P-256, its common name names the bottle, valid from an hour ago (for clocks that are
 * behind) for `days` days.
 */
export async function mintAuthority(options: {
  readonly bottle: string;
  readonly days: number;
}): Promise<Authority> {
  const { privateKey, publicKey } = await makeKeyPair();
  const name = distinguishedName(organisation, `bot-bottle ${options.bottle}`.slice(0, 64));
  const now = Date.now();
  const cert = await signCertificate(
    {
      subject: name,
      issuer: name,
      notBefore: new Date(now - hour),
      notAfter: new Date(now + options.days * day),
      publicKey,
      extensions: authorityExtensions(keyIdentifier(publicKey)),
    },
    privateKey,
  );
  return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}
