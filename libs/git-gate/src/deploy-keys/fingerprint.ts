import { createHash } from 'node:crypto';

const line = /^([a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})(?:\s|$)/;

/**
 * The fingerprint of a public key line, `SHA256:<base64 without padding>`; null when the text is no such line.
 * The form is that of OpenSSH since 6.8, see `-E` in ssh-keygen(1); that of the key is RFC 4253, section 6.6.
 */
export function fingerprintOf(publicKey: string): string | null {
  const [, type, base64] = line.exec(publicKey) ?? [];
  if (type === undefined || base64 === undefined) return null;
  const blob = Buffer.from(base64, 'base64');
  // The type stands in the key again, after its length.
  if (blob.length <= 4 + type.length || blob.readUInt32BE() !== type.length) return null;
  if (blob.toString('latin1', 4, 4 + type.length) !== type) return null;
  const digest = createHash('sha256').update(blob).digest('base64');
  return `SHA256:${digest.replace(/=+$/, '')}`;
}
