import { BlockList } from 'node:net';
import { describe, expect, test } from 'vitest';
import { bottleSubnets, egressSubnets, freeSubnets } from '../src/networks/subnets.ts';

describe('subnets of bottles', () => {
  test('are all different, in their range, and every one is used once', () => {
    const all = [...freeSubnets(bottleSubnets, [])];
    expect(new Set(all.map(({ cidr }) => cidr)).size).toBe(3840);
    const range = new BlockList();
    range.addSubnet('10.211.0.0', 16);
    for (const { address } of all)
      expect([range.check(address(0)), range.check(address(15))]).toEqual([true, true]);
    const [subnet] = all;
    expect(subnet?.hosts).toHaveLength(14);
    expect(subnet?.hosts[0]).toBe(subnet?.address(1));
  });

  test('do not overlap those for what goes out', () => {
    const bottles = new BlockList();
    for (const { cidr } of freeSubnets(bottleSubnets, [])) bottles.addSubnet(cidr.split('/')[0] ?? '', 28);
    for (const { address } of freeSubnets(egressSubnets, []))
      expect([bottles.check(address(0)), bottles.check(address(1023))]).toEqual([false, false]);
  });

  test.each([
    ['larger', '10.211.0.0/17'],
    ['the same', '10.211.3.16/28'],
    ['smaller, at its end', '10.211.3.31/32'],
    ['everything', '10.0.0.0/8'],
  ])('one that is taken is not given again: %s', (_what, used) => {
    const taken = new BlockList();
    const [start = '', prefix = ''] = used.split('/');
    taken.addSubnet(start, Number(prefix));
    for (const { cidr, hosts, address } of freeSubnets(bottleSubnets, [
      used,
      'fd00::/64',
      '',
      'nonsense/99',
    ])) {
      expect([cidr, [address(0), ...hosts, address(15)].filter((host) => taken.check(host))]).toEqual([
        cidr,
        [],
      ]);
    }
  });

  test('those who choose at the same time seldom choose the same first', () => {
    const first = Array.from({ length: 20 }, () => freeSubnets(bottleSubnets, []).next().value?.cidr);
    expect(new Set(first).size).toBeGreaterThan(10);
  });
});
