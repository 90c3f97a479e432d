import { type Finding, finding } from './finding.ts';

const types =
  'ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-ssh-ed25519@openssh\\.com|sk-ecdsa-sha2-nistp256@openssh\\.com';
export const hostKeyPattern = new RegExp(`^(?:${types}) [A-Za-z0-9+/]+={0,2}(?: [\\x20-\\x7e]*)?$`);
const keyAfterHost = new RegExp(`^\\S+ (?:${types}) `);

/** What is wrong with known_hosts key material: one line, without the host names that known_hosts puts before it. */
export function checkHostKey(text: string): Finding | null {
  if (hostKeyPattern.test(text.trim())) return null;
  const hint = keyAfterHost.test(text)
    ? 'leave out the host name before the key type'
    : 'write `<type> <base64>`, e.g. the output of `ssh-keyscan` without its first column';
  return finding('this is not a host key', hint);
}
