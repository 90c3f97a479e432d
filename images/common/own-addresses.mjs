import { networkInterfaces } from 'node:os';

/**
 * Addresses of this container as they stand in a URL, without loopback and link-local ones; IPv6 only when there is no
 * IPv4.
 *
 * @returns {string[]}
 */
export function ownAddresses() {
  const found = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const outside = found.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  const v4 = outside.filter(({ family }) => family === 'IPv4');
  return v4.length > 0 ? v4.map(({ address }) => address) : outside.map(({ address }) => `[${address}]`);
}
