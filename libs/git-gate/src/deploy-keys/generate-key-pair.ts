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
  const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment });
  const fingerprint = fingerprintOf(pair.public);
  if (fingerprint === null) throw new TypeError('ssh2 made a public key that is none');
  return { privateKey: pair.private, publicKey: pair.public.trim(), fingerprint };
}
