import { isAddressCovered, manifestFromObject } from '@bot-bottle/manifest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const accepts = (entry: string): boolean => {
  try {
    manifestFromObject({
      bottles: { dev: { egress: { routes: [{ host: 'a.example.com', address_allowlist: [entry] }] } } },
    });
    return true;
  } catch {
    return false;
  }
};

describe('address allow-lists', () => {
  it.each([
    '127.0.0.1',
    '::1',
    '10.0.0.0/8',
    '10.1.2.3/8',
    'fd00::/8',
    'FC00::/7',
    'fe80::/10',
    '169.254.169.254/32',
    '2001:db8::1',
  ])('accept %s', (entry) => {
    expect(accepts(entry)).toBe(true);
  });

  it.each([
    '0.0.0.0/0',
    '0.0.0.0/1',
    '128.0.0.0/1',
    '::/0',
    '8000::/1',
    '::',
    '::2',
    '::/127',
    '::1/127',
    '0::ffff:1.2.3.4',
    '64:ff9b::a00:1',
    '64:ff9b:1::/64',
    '2002:a00::/24',
    '10.0.0.0/8/8',
    '10.0.0',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/ 8',
    'fe80::1%eth0',
    '0x0a.0.0.1',
    '',
  ])('refuse %j', (entry) => {
    expect(accepts(entry)).toBe(false);
  });

  it('never let an accepted entry cover more than a 128th of the addresses', () => {
    const probes = [
      '1.1.1.1',
      '8.8.8.8',
      '100.100.100.100',
      '169.254.169.254',
      '192.168.0.1',
      '224.0.0.1',
      '127.0.0.1',
      '10.0.0.1',
    ];
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 0, max: 128 }), (address, prefix) => {
        const entry = `${address}/${prefix}`;
        if (!accepts(entry)) return;
        const covered = probes.filter(
          (probe) => isAddressCovered(probe, [entry]) || isAddressCovered(`::ffff:${probe}`, [entry]),
        );
        expect(covered.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 1000 },
    );
  });

  it('cover nothing by entries that are not well-formed', () => {
    expect(isAddressCovered('10.0.0.1', ['ten', '10.0.0.0/99', ''])).toBe(false);
  });
});
