import {
  allowedPersonalities,
  allowedSocketFamilies,
  deniedIoctls,
  namespaceCloneFlags,
} from '@bot-bottle/backend';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seccompProfile } from '../src/containers/seccomp-profile.ts';

/** What the profile says of a call, evaluated as libseccomp does: one matching rule is enough. */
function isDenied(name: string, index: number, argument: bigint): boolean {
  return seccompProfile()
    .syscalls.filter(({ names }) => names.includes(name))
    .some(({ args }) =>
      (args ?? []).every(({ index: at, value, valueTwo, op }) => {
        const given = at === index ? argument : 0n;
        if (op === 'SCMP_CMP_EQ') return given === BigInt(value);
        if (op === 'SCMP_CMP_GT') return given > BigInt(value);
        return (given & BigInt(value)) === BigInt(valueTwo ?? 0);
      }),
    );
}

const argument = fc.oneof(fc.bigInt({ min: 0n, max: 300_000n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));

describe('the profile of system calls', () => {
  it('knows no architecture with calls of its own besides', () => {
    expect(seccompProfile().archMap.map(({ subArchitectures }) => subArchitectures)).toEqual([[], []]);
  });

  it('lets exactly the allowed families of sockets open', () => {
    const allowed = new Set<bigint>(allowedSocketFamilies.map(BigInt));
    for (let family = 0n; family < 64n; family += 1n) {
      expect(isDenied('socket', 0, family)).toBe(!allowed.has(family));
      expect(isDenied('socketpair', 0, family)).toBe(!allowed.has(family));
      expect(isDenied('socket', 0, family + 2n ** 32n)).toBe(true);
    }
  });

  it('lets exactly the allowed personalities through, whatever is above 32 bits', () => {
    const allowed = new Set<bigint>(allowedPersonalities.map(BigInt));
    for (const value of allowed) {
      expect(isDenied('personality', 0, value)).toBe(false);
      expect(isDenied('personality', 0, value + 2n ** 40n)).toBe(false);
    }
    fc.assert(
      fc.property(argument, (value) => {
        expect(isDenied('personality', 0, value)).toBe(!allowed.has(value & 0xffffffffn));
      }),
      { numRuns: 2000 },
    );
  });

  it('denies the requests of terminals, and new namespaces, in the bits that the kernel looks at', () => {
    const requests = new Set<bigint>(deniedIoctls.map(BigInt));
    fc.assert(
      fc.property(fc.oneof(argument, fc.constantFrom(...requests)), fc.bigInt(0n, 7n), (value, above) => {
        const given = value + above * 2n ** 32n;
        expect(isDenied('ioctl', 1, given)).toBe(requests.has(given & 0xffffffffn));
        expect(isDenied('clone', 0, value)).toBe((value & BigInt(namespaceCloneFlags)) !== 0n);
      }),
      { numRuns: 2000 },
    );
  });
});
