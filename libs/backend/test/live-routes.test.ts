import { parseTable, tableDigest, type Route, type RouteTable } from '@bot-bottle/egress';
import { ProtocolError, ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import { canonicalJson, type Grant } from '@bot-bottle/supervise';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LiveRoutes, type SendTable } from '../src/owner/live-routes.ts';
import { editRoutes } from '../src/owner/operator-edit.ts';
import { fakeEgress, sampleGrant, sampleRoutes, type FakeEgress } from './routes-sample.ts';

const soon = (): AbortSignal => AbortSignal.timeout(5000);
const give = async ({ routes }: FakeEgress, changes: Partial<Grant> = {}, base: string | null = null) =>
  await routes.change(base, () => routes.withGrant(sampleGrant(changes)), soon());
const granted = (table: RouteTable): Route[] => table.routes.filter(({ owner }) => owner === 'grant');

describe('a change', () => {
  it('is in force when egress has confirmed it, and not before', async () => {
    const egress = fakeEgress();
    const gate = Promise.withResolvers<void>();
    egress.fates.push(async (table) => {
      await gate.promise;
      return tableDigest(table);
    });
    const before = egress.routes.view.digest;
    const giving = give(egress);
    expect(egress.routes.view.digest).toBe(before);
    gate.resolve();
    const view = await giving;
    expect(view.digest).not.toBe(before);
    expect(egress.routes.view).toEqual(view);
  });

  it('waits for the one before it, and is made to what that left', async () => {
    const egress = fakeEgress();
    const order: string[] = [];
    for (const name of ['first', 'second']) {
      egress.fates.push(async (table) => {
        order.push(`${name} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        order.push(`${name} ends`);
        return tableDigest(table);
      });
    }
    await Promise.all([give(egress), give(egress, { host: 'second.example.com' })]);
    expect(order).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
    expect(granted(egress.routes.view.table).map(({ host }) => host)).toEqual([
      'new.example.com',
      'second.example.com',
    ]);
  });

  it('to another table than the one that was shown is refused and never sent', async () => {
    const egress = fakeEgress();
    const shown = egress.routes.view.digest;
    const both = [give(egress, {}, shown), give(egress, { host: 'second.example.com' }, shown)];
    const [first, second] = await Promise.allSettled(both);
    expect(first?.status).toBe('fulfilled');
    expect(second).toMatchObject({
      status: 'rejected',
      reason: { code: 'changed', hint: 'look at it again' },
    });
    expect(granted(egress.table())).toHaveLength(1);
  });

  it.each<[string, SendTable, object]>([
    [
      'refuses it',
      async () => {
        throw new ProtocolRefusal('not this one');
      },
      { message: 'not this one' },
    ],
    [
      'dies',
      async () => {
        throw new ProtocolError('closed', 'the sidecar is gone');
      },
      { code: 'closed' },
    ],
    ['confirms nothing', async () => null, { code: 'apply_failed' }],
    ['confirms another table', async () => '0'.repeat(64), { code: 'apply_failed' }],
  ])(
    'that fails because egress %s leaves the table as it was, and the next one works',
    async (_w, fate, why) => {
      const egress = fakeEgress();
      const before = egress.routes.view;
      egress.fates.push(fate);
      await expect(give(egress)).rejects.toMatchObject(why);
      expect(egress.routes.view).toEqual(before);
      expect(tableDigest(egress.table())).toBe(before.digest);
      await give(egress);
      expect(tableDigest(egress.table())).toBe(egress.routes.view.digest);
    },
  );

  it('that egress confirms as another one is taken back there', async () => {
    const { routes } = fakeEgress();
    let inForce = routes.view.table;
    routes.connect(async (table) => {
      inForce = table;
      return table.routes.length > sampleRoutes.table.routes.length ? '0'.repeat(64) : tableDigest(table);
    });
    const change = routes.change(null, () => routes.withGrant(sampleGrant()), soon());
    await expect(change).rejects.toMatchObject({ code: 'apply_failed' });
    expect(tableDigest(inForce)).toBe(routes.view.digest);
  });

  it('that takes too long is given up, and holds up none of those behind it for longer', async () => {
    const egress = fakeEgress();
    const hangs: SendTable = async (_table, signal) =>
      await new Promise<string>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    egress.fates.push(hangs, hangs);
    const make = (): RouteTable => egress.routes.withGrant(sampleGrant());
    const first = egress.routes.change(null, make, AbortSignal.timeout(50));
    const second = egress.routes.change(null, make, AbortSignal.timeout(50));
    const third = give(egress);
    await expect(first).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(second).rejects.toMatchObject({ name: 'TimeoutError' });
    await third;
    expect(tableDigest(egress.table())).toBe(egress.routes.view.digest);
  });

  it('is refused before egress runs', async () => {
    const routes = new LiveRoutes(sampleRoutes);
    await expect(routes.change(null, () => routes.withGrant(sampleGrant()), soon())).rejects.toMatchObject({
      code: 'apply_failed',
    });
  });

  it('that cannot be made is never sent', async () => {
    const egress = fakeEgress();
    egress.fates.push(async () => expect.unreachable());
    await expect(give(egress, { ports: [0] })).rejects.toMatchObject({ code: 'invalid_grant' });
  });
});

describe('a grant', () => {
  it('goes with the next change after it ended, not before', async () => {
    const egress = fakeEgress();
    const { clock, routes } = egress;
    await give(egress, { minutes: 1 });
    clock.now += 59_999;
    await give(egress, { host: 'b.example.com' });
    expect(granted(routes.view.table).map(({ host }) => host)).toEqual(['new.example.com', 'b.example.com']);
    clock.now += 1;
    await give(egress, { host: 'c.example.com' });
    expect(granted(routes.view.table).map(({ host }) => host)).toEqual(['b.example.com', 'c.example.com']);
  });

  it('takes the place of an identical one, whatever its end; the first row of two stays with its pair', async () => {
    const egress = fakeEgress();
    const { routes, clock } = egress;
    await give(egress, { minutes: 60 });
    await give(egress, { minutes: null });
    expect(granted(routes.view.table)).toMatchObject([{ expires_at: null }]);
    await give(egress, { minutes: 1 });
    expect(granted(routes.view.table)).toMatchObject([{ expires_at: clock.now + 60_000 }]);
    await give(egress, { ports: [80, 443] });
    // The secure part of it is the same row.
    expect(granted(routes.view.table).map(({ ports }) => ports)).toEqual([[443], [80]]);
  });

  it('takes the place of an identical one whose fields an editor wrote in another order', async () => {
    const egress = fakeEgress();
    await give(egress);
    const turned = egress.routes.view.table.routes.map(
      (route) => Object.fromEntries(Object.entries(route).toReversed()) as Route,
    );
    await egress.routes.change(null, () => ({ version: 1, routes: turned }), soon());
    await give(egress);
    expect(granted(egress.routes.view.table)).toHaveLength(1);
  });

  it.each<[string, Partial<Grant>]>([
    ['another path', { path_allowlist: ['/y'] }],
    ['another method', { methods: ['POST'] }],
    ['a credential', { inject: true }],
    ['another port', { ports: [8443] }],
  ])('stands beside one with %s', async (_what, changes) => {
    const egress = fakeEgress();
    await give(egress);
    await give(egress, changes);
    expect(granted(egress.routes.view.table)).toHaveLength(2);
  });
});

/** What one step of the property does, and how egress takes it. */
const fates = ['takes', 'refuses', 'dies', 'dies-after', 'lies', 'hangs'] as const;
const step = fc.record({
  what: fc.constantFrom('grant', 'edit', 'forged-edit', 'time', 'restart'),
  fate: fc.constantFrom(...fates, 'takes', 'takes'),
  host: fc.constantFrom('a.example.com', '*.example.com', 'api.example.com', 'api.provider.example', '*.com'),
  ports: fc.constantFrom([443], [80], [80, 443], [0], [8443]),
  minutes: fc.constantFrom(null, 1, 5),
  inject: fc.boolean(),
  isStale: fc.boolean(),
  row: fc.nat(20),
});

it('is the same in the owner and in egress, whatever is granted, edited, and goes wrong', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      let now = 1_000_000;
      let fate: (typeof fates)[number] = 'takes';
      const routes = new LiveRoutes(sampleRoutes, () => now);
      const provider = (table: RouteTable): string =>
        canonicalJson(table.routes.filter(({ owner }) => owner === 'provider'));
      const provided = provider(sampleRoutes.table);
      /** What the sidecar of a life has in force; a new life begins with what the owner gives it. */
      let inForce: RouteTable = routes.view.table;
      const restart = (): void => void (inForce = routes.view.table);
      routes.connect(async (table, signal) => {
        const met = fate;
        fate = 'takes';
        // As the sidecar host does: whoever leaves it open is started anew.
        const leave = (error: Error): never => {
          setImmediate(restart);
          throw error;
        };
        if (met === 'refuses') throw new ProtocolRefusal('no');
        if (met === 'dies') return leave(new ProtocolError('closed', 'gone'));
        if (met === 'hangs') {
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
          return leave(signal.reason as Error);
        }
        inForce = parseTable(JSON.parse(JSON.stringify(table)));
        if (met === 'dies-after') return leave(new ProtocolError('closed', 'gone'));
        return met === 'lies' ? '0'.repeat(64) : tableDigest(inForce);
      });
      const parts = { plan: { identity: 'x' }, audit: { append: async () => undefined }, routes };
      let stale = routes.view.digest;
      for (const each of steps) {
        const base = each.isStale ? stale : routes.view.digest;
        stale = routes.view.digest;
        fate = each.fate;
        const { table } = routes.view;
        const limit = AbortSignal.timeout(each.fate === 'hangs' ? 5 : 5000);
        switch (each.what) {
          case 'time':
            now += 120_000;
            break;
          case 'restart':
            restart();
            break;
          case 'grant': {
            const { host, ports, minutes, inject } = each;
            const grant = sampleGrant({ host, ports: [...ports], minutes, inject });
            await routes.change(base, () => routes.withGrant(grant), limit).catch(() => undefined);
            break;
          }
          case 'edit': {
            if (each.fate === 'hangs') break;
            const edited = table.routes.filter((_row, index) => index !== each.row);
            await editRoutes(parts, { base, table: { version: 1, routes: edited }, by: 'op' }).catch(
              () => undefined,
            );
            break;
          }
          case 'forged-edit': {
            if (each.fate === 'hangs') break;
            const edited = table.routes.map((row, index) =>
              index === each.row % table.routes.length
                ? { ...row, owner: 'grant' as const, auth: sampleRoutes.table.routes[0]?.auth ?? null }
                : row,
            );
            await editRoutes(parts, { base, table: { version: 1, routes: edited }, by: 'op' }).catch(
              () => undefined,
            );
            break;
          }
        }
        // The restart of a life.
        await new Promise((resolve) => setImmediate(resolve));
        expect(tableDigest(inForce)).toBe(routes.view.digest);
        expect(provider(inForce)).toBe(provided);
        for (const row of granted(inForce)) expect(row.auth).toBeNull();
        // Egress takes it as it is.
        expect(tableDigest(parseTable(structuredClone(routes.view.table)))).toBe(routes.view.digest);
      }
    }),
    { numRuns: 300 },
  );
});
