import fc from 'fast-check';
import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';
import { addressAllowed, canonicalCidr, classifyAddress } from '@bot-bottle/egress';

describe('classifyAddress', () => {
  it.each([
    ['93.184.216.34', 'public'],
    ['2606:2800:220:1::1', 'public'],
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['::', 'unspecified'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['::1', 'loopback'],
    ['10.1.2.3', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['172.32.0.0', 'public'],
    ['192.168.1.1', 'private'],
    ['fd12:3456::1', 'private'],
    ['fec0::1', 'private'],
    ['100.64.0.1', 'cgnat'],
    ['100.128.0.1', 'public'],
    ['169.254.1.1', 'link-local'],
    ['fe80::1', 'link-local'],
    ['224.0.0.1', 'multicast'],
    ['ff02::1', 'multicast'],
    ['255.255.255.255', 'reserved'],
    ['198.18.0.1', 'reserved'],
    ['2001:db8::1', 'reserved'],
    ['100::1', 'reserved'],
    ['169.254.169.254', 'metadata'],
    ['168.63.129.16', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['fd00:ec2::254', 'metadata'],
    ['::ffff:169.254.169.254', 'metadata'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:0:127.0.0.1', 'loopback'],
    ['::127.0.0.1', 'loopback'],
    ['::ffff:8.8.8.8', 'translated'],
    ['64:ff9b::10.0.0.1', 'private'],
    ['64:ff9b::8.8.8.8', 'translated'],
    ['64:ff9b::a9fe:a9fe', 'metadata'],
    ['64:ff9b:1::8.8.8.8', 'private'],
    ['2002:7f00:1::', 'loopback'],
    ['2002:808:808::1', 'translated'],
    ['2001:0:a9fe:a9fe::', 'metadata'],
    ['2001:0:808:808:0:0:80ff:fffe', 'loopback'],
    ['fe80::1%eth0', 'invalid'],
    ['0x7f.1', 'invalid'],
    ['2130706433', 'invalid'],
    ['example.com', 'invalid'],
  ])('%s is %s', (ip, expected) => {
    expect(classifyAddress(ip)).toBe(expected);
  });

  it('agrees with the block list of Node on every special IPv4 range', () => {
    const list = new BlockList();
    const ranges =
      '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 168.63.129.16/32';
    for (const range of ranges.split(' ')) {
      const [net = '', bits = ''] = range.split('/');
      list.addSubnet(net, Number(bits), 'ipv4');
    }
    fc.assert(
      fc.property(fc.ipV4(), (ip) => {
        expect(classifyAddress(ip) !== 'public').toBe(list.check(ip, 'ipv4'));
      }),
      { numRuns: 3000 },
    );
  });

  it('never calls an IPv6 form of an IPv4 address public', () => {
    const hex = (ip: string): string => {
      const [a = 0, b = 0, c = 0, d = 0] = ip.split('.').map(Number);
      return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
    };
    fc.assert(
      fc.property(fc.ipV4(), (ip) => {
        const forms = [
          `::ffff:${ip}`,
          `::${ip}`,
          `64:ff9b::${ip}`,
          `64:ff9b:1::${ip}`,
          `2002:${hex(ip)}::1`,
          `2001:0:${hex(ip)}::1`,
        ];
        for (const form of forms) expect(classifyAddress(form)).not.toBe('public');
      }),
    );
  });
});

describe('addressAllowed', () => {
  it('allows public addresses without an entry', () => {
    expect(addressAllowed('93.184.216.34', [])).toBe(true);
  });

  it.each([
    ['10.1.2.3', ['10.0.0.0/8'], true],
    ['10.1.2.3', ['10.9.9.9/8'], true],
    ['10.1.2.3', ['10.1.2.3'], true],
    ['10.1.2.3', ['10.1.2.4'], false],
    ['10.1.2.3', [], false],
    ['10.1.2.3', ['::/0'], false],
    ['::ffff:10.1.2.3', ['10.0.0.0/8'], true],
    ['64:ff9b::10.1.2.3', ['10.0.0.0/8'], false],
    ['64:ff9b::8.8.8.8', [], false],
    ['64:ff9b::8.8.8.8', ['64:ff9b::/96'], true],
    ['127.0.0.1', ['127.0.0.0/8'], true],
    ['fd12::1', ['fd00::/8'], true],
    ['169.254.169.254', ['169.254.0.0/16'], false],
    ['169.254.169.254', ['0.0.0.0/0'], false],
    ['169.254.169.254', ['169.254.169.254'], true],
    ['169.254.169.254', ['169.254.169.254/32'], true],
    ['::ffff:169.254.169.254', ['::ffff:0:0/96'], false],
    ['100.100.100.200', ['100.64.0.0/10'], false],
    ['fd00:ec2::254', ['fd00::/8'], false],
    ['fd00:ec2::254', ['fd00:ec2::254'], true],
    ['0x7f.1', ['0.0.0.0/0', '::/0'], false],
    ['10.1.2.3', ['10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/', 'nonsense'], false],
  ])('%s with %j: %s', (ip, list, expected) => {
    expect(addressAllowed(ip, list)).toBe(expected);
  });
});

describe('canonicalCidr', () => {
  it.each([
    ['10.1.2.3', '10.1.2.3/32'],
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.255.2.3/9', '10.128.0.0/9'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::1', '::1/128'],
    ['FD00:0::1/64', 'fd00::/64'],
    ['10.0.0.0/33', null],
    ['a.example', null],
    ['', null],
  ])('%s is %s', (text, expected) => {
    expect(canonicalCidr(text)).toBe(expected);
  });
});
