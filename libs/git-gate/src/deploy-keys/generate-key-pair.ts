import ssh2 from 'ssh2';
import { fingerprintOf } from './fingerprint.ts';

export interface DeployKeyPair {
  /** OpenSSH private key, unencrypted: it lives in memory only */
  readonly privateKey: string;
  /** `ssh-ed25519 <base64> <comment>`, one line without a line break */
  readonly publicKey: string;
  /** `SHA256:<base64>`, as `ssh-keygen -l` prints it */
  readonly fingerprint: string;
}

/**
 * A fresh ed25519 key pair.
 *
 * @param comment printable ASCII; it is visible at the forge
 * @throws TypeError for a comment that would break the line of the public key
 */
export function generateKeyPair(comment: string): DeployKeyPair {
  if (!/^[\x20-\x7e]{1,255}$/.test(comment)) throw new TypeError('the comment of a key is printable ASCII');
  let pair = ssh2.utils.generateKeyPairSync('ed25519', { comment });
  while (!isWhole(pair.public)) pair = ssh2.utils.generateKeyPairSync('ed25519', { comment });
  const fingerprint = fingerprintOf(pair.public);
  if (fingerprint === null) throw new TypeError('ssh2 made a public key that is none');
  return { privateKey: pair.private, publicKey: pair.public.trim(), fingerprint };
}

/**
 * ssh2 takes zero bytes at the start of a public key for padding and leaves them out, which makes one key in 256 shorter
 * than RFC 8709 section 4 wants it, and no program reads it.
 */
function isWhole(publicKey: string): boolean {
  const blob = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
  return blob.length === 4 + 'ssh-ed25519'.length + 4 + 32;
}
