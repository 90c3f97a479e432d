import { randomInt } from 'node:crypto';

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';
const pattern = /^[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?-[0-9a-z]{5}$/;

/** A fresh identity: the agent's name as a slug, and five random base 36 digits. */
export function newIdentity(agentName: string): string {
  const slug = agentName
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, '');
  let tail = '';
  for (let index = 0; index < 5; index += 1) tail += alphabet[randomInt(alphabet.length)] ?? '0';
  return `${slug === '' ? 'agent' : slug}-${tail}`;
}

/** Whether a text can be an identity, and so is safe as a file name. */
export function isIdentity(value: string): boolean {
  return pattern.test(value);
}
