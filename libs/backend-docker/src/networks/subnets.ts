import { randomInt } from 'node:crypto';
import { BlockList, isIPv4 } from 'node:net';

/** A subnet of bot-bottle's own, so that the engine's few default ones do not run out. */
export interface Subnet {
  readonly cidr: string;
  /** every address that a host can have in it */
  readonly hosts: readonly string[];
  /** address number `index` in it */
  readonly address: (index: number) => string;
}

/** /28 for one bottle: 10.211.0.0 to 10.211.239.255. */
export const bottleSubnets = { base: '10.211.0.0', prefix: 28, count: 3840 } as const;
/** /22 for what goes out: the rest of 10.211.0.0/16. */
export const egressSubnets = { base: '10.211.240.0', prefix: 22, count: 4 } as const;

export interface SubnetPool {
  readonly base: string;
  readonly prefix: number;
  readonly count: number;
}

/**
 * Subnets of a pool that none of the used ones overlaps, in an order of chance, so that those who choose at the same
 * time seldom choose the same.
 *
 * @param used CIDR texts; what is no IPv4 subnet is passed over
 */
export function* freeSubnets(pool: SubnetPool, used: readonly string[]): Generator<Subnet> {
  const taken = new BlockList();
  const starts: number[] = [];
  for (const cidr of used) {
    const [start = '', prefix = ''] = cidr.split('/');
    if (!isIPv4(start) || !/^\d{1,2}$/.test(prefix) || Number(prefix) > 32) continue;
    taken.addSubnet(start, Number(prefix), 'ipv4');
    starts.push(numberOf(start));
  }
  const size = 2 ** (32 - pool.prefix);
  const offset = randomInt(pool.count);
  for (let step = 0; step < pool.count; step += 1) {
    const first = numberOf(pool.base) + ((offset + step) % pool.count) * size;
    const overlaps =
      taken.check(textOf(first)) || starts.some((start) => start >= first && start < first + size);
    if (overlaps) continue;
    const address = (index: number): string => textOf(first + index);
    yield {
      cidr: `${address(0)}/${pool.prefix}`,
      address,
      get hosts() {
        return Array.from({ length: size - 2 }, (_, index) => address(index + 1));
      },
    };
  }
}

const numberOf = (address: string): number =>
  address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

const textOf = (value: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
