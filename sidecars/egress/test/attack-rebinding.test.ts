import { describe, expect, test } from 'vitest';
import { createSecureContext } from 'node:tls';
import { HostResolver } from '../src/upstream/resolve-host.ts';
import { Routing } from '../src/upstream/routing.ts';
import { UpstreamError } from '../src/upstream/upstream-error.ts';
import { Sweeper } from '../src/limits/sweeper.ts';
import { UpstreamPools } from '../src/upstream/upstream-pools.ts';
import type { UpstreamTarget } from '../src/upstream/upstream-pools.ts';
import { route } from './harness.ts';

/** A resolver that answers something else each time, as an attacker's name server does. */
class Rebinding extends HostResolver {
  readonly #answers: string[][];

  constructor(answers: string[][]) {
    super({}, 1_000);
    this.#answers = answers;
  }

  override resolve(): readonly string[] {
    return this.#answers.shift() ?? [];
  }
}

function routing(answers: string[][]): { routing: Routing; targets: UpstreamTarget[] } {
  const targets: UpstreamTarget[] = [];
  const pools = {
    get: (target: UpstreamTarget) => {
      targets.push(target);
      return null;
    },
    destroy: async () => undefined,
  };
  return {
    routing: new Routing(
      new Rebinding(answers),
      pools as unknown as UpstreamPools,
      () => null,
      () => undefined,
    ),
    targets,
  };
}

const row = route('rebind.test', 443, { address_allowlist: [] });
const decision = {
  kind: 'allow',
  route: row,
  base: row,
  row: 0,
  rule: 'manifest:rebind.test',
  scheme: 'https',
  host: 'rebind.test',
  port: 443,
  path: '/',
  addressAllowlist: row.address_allowlist,
  constrained: false,
  injectAuth: null,
  agentAuthorization: false,
  git: null,
} as const;

test('look-ups that never end are not piled up', async () => {
  const resolver = new HostResolver({}, 20, () => undefined);
  const ask = async (host: string): Promise<string> => {
    try {
      await resolver.resolve(host);
      return 'found';
    } catch (error) {
      return error instanceof UpstreamError ? error.denial : 'unknown';
    }
  };
  const first = await Promise.all(Array.from({ length: 64 }, (_, i) => ask(`n${i}.test`)));
  expect(new Set(first)).toEqual(new Set(['upstream_timeout']));
  expect(await ask('one-more.test')).toBe('limit_exceeded');
});

test('connections that carry a credential carry nothing else', () => {
  const { routing: subject, targets } = routing([['93.184.216.34'], ['93.184.216.34']]);
  const injectAuth = { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0', header: null, username: null } as const;
  void subject.find(decision);
  void subject.find({ ...decision, injectAuth });
  const pools = new UpstreamPools({
    connectMs: 1,
    idleMs: 1,
    headBytes: 1,
    context: () => createSecureContext(),
    sweeper: new Sweeper(1_000),
  });
  expect(new Set(targets.map((target) => pools.get(target))).size).toBe(2);
});

describe('a name that changes its address', () => {
  test('is checked at each answer', () => {
    const { routing: subject, targets } = routing([['93.184.216.34'], ['127.0.0.1']]);
    void subject.find(decision);
    expect(() => subject.find(decision)).toThrow(UpstreamError);
    expect(targets.map((target) => target.addresses)).toEqual([['93.184.216.34']]);
  });

  test('with a mixed answer is dialled only where that is allowed', () => {
    const { routing: subject, targets } = routing([['10.0.0.1', '93.184.216.34', '::ffff:127.0.0.1']]);
    void subject.find(decision);
    expect(targets[0]?.addresses).toEqual(['93.184.216.34']);
  });

  test('is checked again for a row that allows less', () => {
    const answer = ['10.0.0.1'];
    const { routing: subject, targets } = routing([answer, answer]);
    const addressAllowlist = ['10.0.0.0/8'];
    const wider = { ...decision, route: { ...row, address_allowlist: addressAllowlist }, addressAllowlist };
    void subject.find(wider);
    expect(() => subject.find(decision)).toThrow(UpstreamError);
    expect(targets.length).toBe(1);
  });
});
