const pemStart = /^-----BEGIN ([A-Z0-9 ]*?) ?PRIVATE KEY-----\r?$/m;
const magic = 'openssh-key-v1\0';

/**
 * Why ssh could not use a key file without asking anybody; null when it looks usable. Nothing of the text is quoted.
 *
 * @param path shown in hints
 */
export function privateKeyProblem(
  text: string,
  path: string,
): { readonly what: string; readonly hint: string | null } | null {
  if (text.startsWith('PuTTY-User-Key-File-')) {
    return {
      what: 'is a PuTTY key, which ssh cannot read',
      hint: `puttygen ${path} -O private-openssh-new -o NEW_FILE`,
    };
  }
  const start = pemStart.exec(text);
  if (start === null) {
    const isPublic = /^(?:ssh-|ecdsa-sha2-|sk-)\S+ [A-Za-z0-9+/]/.test(text);
    return isPublic
      ? { what: 'is a public key', hint: 'name the private key: the file without .pub' }
      : { what: 'holds no private key', hint: 'make one with ssh-keygen -t ed25519' };
  }
  const kind = start[1] ?? '';
  const isProtected = kind === 'OPENSSH' ? opensshCipher(text) : pemIsEncrypted(kind, text);
  if (isProtected === 'broken') return { what: 'holds a damaged private key', hint: null };
  return isProtected === false
    ? null
    : {
        what: 'is protected by a passphrase, and nobody can be asked for it when the gate connects',
        hint: `take it away with ssh-keygen -p -f ${path}, or use a deploy key without one`,
      };
}

/** RFC 1421, 4.6.1.1 (`Proc-Type`) and RFC 7468, 11 (`ENCRYPTED PRIVATE KEY`). */
function pemIsEncrypted(kind: string, text: string): boolean {
  return kind === 'ENCRYPTED' || /^Proc-Type: 4,ENCRYPTED\r?$/m.test(text);
}

/** The name of the cipher is the first field after the magic (openssh, PROTOCOL.key, 1); `none`: not protected. */
function opensshCipher(text: string): boolean | 'broken' {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]*)-----END OPENSSH PRIVATE KEY-----/.exec(
    text,
  );
  const bytes = Buffer.from(body?.[1] ?? '', 'base64');
  if (bytes.length < magic.length + 4 || bytes.toString('latin1', 0, magic.length) !== magic) return 'broken';
  const length = bytes.readUInt32BE(magic.length);
  const from = magic.length + 4;
  if (length > 64 || bytes.length < from + length) return 'broken';
  return bytes.toString('latin1', from, from + length) !== 'none';
}
