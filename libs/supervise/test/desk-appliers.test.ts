import { ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import { describe, expect, it } from 'vitest';
import {
  canonicalJson,
  SuperviseError,
  type Applied,
  type DecideRequest,
  type Grant,
  type ProposalApplier,
  type ProposalDeskOptions,
} from '../src/index.ts';
import { answer, applying, deskWorld, pushRequest, type DeskWorld } from './desk-world.ts';
import { egressRequest, holdRequest } from './samples.ts';

const never = new AbortController().signal;

interface ReachWorld extends DeskWorld {
  /** grants that were given */
  readonly given: Grant[];
  /** what the next applies do before they give */
  readonly hooks: Array<() => void | Promise<void>>;
}

/** A desk whose applier of egress-block notes what it gives, and whose dlp-hold applier tells the sidecar. */
async function reachWorld(changes: Partial<ProposalDeskOptions> = {}): Promise<ReachWorld> {
  const given: Grant[] = [];
  const hooks: ReachWorld['hooks'] = [];
  const reach: ProposalApplier = {
    check: (request) => {
      if (request.kind === 'egress-block' && request.host === 'never.example.com')
        throw new SuperviseError('invalid_proposal', 'host: never');
    },
    review: (_proposal, { grant }) => {
      if (grant?.host === 'never.example.com') throw new SuperviseError('invalid_grant', 'host: never');
    },
    apply: async ({ request }, { grant = null }): Promise<Applied> => {
      await hooks.shift()?.();
      if (request.kind !== 'egress-block') throw new Error('not asked');
      const { kind: _kind, justification: _justification, ...asked } = request;
      const made = grant ?? { ...asked, inject: false };
      given.push(made);
      return { outcome: grant === null ? 'approved' : 'modified', text: `gave ${made.host}`, grant: made };
    },
  };
  const hold: ProposalApplier = {
    apply: async (_proposal, _decision, { tell }) => {
      await tell();
      return { outcome: 'approved', text: 'let go', grant: null };
    },
  };
  const world = await deskWorld({ appliers: { 'egress-block': reach, 'dlp-hold': hold }, ...changes });
  return { ...world, given, hooks };
}

const grant: Grant = {
  host: 'other.example.com',
  ports: [443],
  path_allowlist: ['/only'],
  methods: ['GET'],
  minutes: 5,
  inject: false,
};

describe('more reach', () => {
  it('is given as asked for', async () => {
    const { desk, given, queue, events } = await reachWorld();
    const source = desk.connect('supervise', applying().apply);
    const { id } = await source.propose(egressRequest());
    expect(await source.status(id, 0, never)).toEqual({
      id,
      status: 'pending',
      notes: '',
      applied: null,
      grant: null,
    });
    await desk.decide(answer(desk, id));
    expect(given).toHaveLength(1);
    expect(await source.status(id, 0, never)).toEqual({
      id,
      status: 'approved',
      notes: 'because',
      applied: 'gave registry.example.com',
      grant: given[0],
    });
    expect((await queue.list()).entries[0]?.response).toMatchObject({ outcome: 'approved', grant: given[0] });
    expect((await events()).at(-1)).toMatchObject({ action: 'decide', outcome: 'allowed' });
  });

  it('is given otherwise, and whoever asked is told what', async () => {
    const { desk, given, queue } = await reachWorld();
    const source = desk.connect('supervise', applying().apply);
    const { id } = await source.propose(egressRequest());
    await desk.decide({ ...answer(desk, id), grant });
    expect(given).toEqual([grant]);
    expect(await source.status(id, 0, never)).toMatchObject({ status: 'modified', grant });
    expect((await queue.list()).entries[0]?.response).toMatchObject({ outcome: 'modified', grant });
  });

  it('is on record before it is given, in the words of the decision', async () => {
    const { desk, hooks, events } = await reachWorld();
    const source = desk.connect('supervise', applying().apply);
    const { id } = await source.propose(egressRequest());
    let before: unknown[] = [];
    hooks.push(async () => {
      before = await events();
    });
    await desk.decide({ ...answer(desk, id), grant });
    expect(before.at(-1)).toMatchObject({
      action: 'approve',
      outcome: 'held',
      details: { id, by: 'op', grant: canonicalJson(grant) },
    });
  });

  it('is rejected with the reason, and nothing is given; the sidecar is not told but asks', async () => {
    const { desk, given } = await reachWorld();
    const sidecar = applying();
    const source = desk.connect('supervise', sidecar.apply);
    const { id } = await source.propose(egressRequest());
    await desk.decide(answer(desk, id, 'rejected', 'not that host'));
    expect(given).toEqual([]);
    expect(sidecar.told).toEqual([]);
    expect(await source.status(id, 0, never)).toMatchObject({ status: 'rejected', notes: 'not that host' });
  });

  it('is refused on arrival where the applier says so, and no human hears of it', async () => {
    const { desk, notices, events, files } = await reachWorld();
    const source = desk.connect('supervise', applying().apply);
    await expect(source.propose(egressRequest({ host: 'never.example.com' }))).rejects.toMatchObject({
      name: 'ProtocolRefusal',
      message: 'host: never',
    });
    expect(desk.list()).toEqual([]);
    expect(notices).toEqual([]);
    expect(await files()).toEqual([]);
    expect(await events()).toMatchObject([{ outcome: 'denied', code: 'malformed_request' }]);
  });

  it('that a decision makes of it is reviewed before anything is written or done', async () => {
    const { desk, given, events } = await reachWorld();
    const { id } = await desk.connect('supervise', applying().apply).propose(egressRequest());
    const evil = { ...grant, host: 'never.example.com' };
    await expect(desk.decide({ ...answer(desk, id), grant: evil })).rejects.toMatchObject({
      code: 'invalid_grant',
    });
    expect(given).toEqual([]);
    expect(desk.list()).toMatchObject([{ deciding: null }]);
    expect((await events()).map(({ action }) => action)).toEqual(['proposal']);
    expect(await desk.decide({ ...answer(desk, id), grant })).toMatchObject({ outcome: 'modified' });
  });

  it('that cannot be given stays pending with the reason, and can be approved again', async () => {
    const { desk, given, hooks, queue } = await reachWorld();
    const source = desk.connect('supervise', applying().apply);
    const { id } = await source.propose(egressRequest());
    hooks.push(
      () => {
        throw new ProtocolRefusal('no such table');
      },
      () => {
        throw new DOMException('The operation was aborted due to timeout', 'TimeoutError');
      },
    );
    await expect(desk.decide(answer(desk, id))).rejects.toMatchObject({
      code: 'apply_failed',
      message: 'it could not be applied: no such table',
      hint: 'the proposal still waits',
    });
    await expect(desk.decide(answer(desk, id))).rejects.toMatchObject({
      code: 'apply_failed',
      message: expect.stringMatching(/^it could not be applied: the sidecar did not answer in time; /),
    });
    expect(await source.status(id, 0, never)).toMatchObject({ status: 'pending' });
    expect((await queue.list()).entries).toMatchObject([{ response: null }]);
    await desk.decide(answer(desk, id));
    expect(given).toHaveLength(1);
  });

  it('of two operators with different grants is what the first one gives; the second is told who', async () => {
    const { desk, given, hooks } = await reachWorld();
    const { id } = await desk.connect('supervise', applying().apply).propose(egressRequest());
    const gate = Promise.withResolvers<void>();
    hooks.push(() => gate.promise);
    const second = { ...grant, host: 'second.example.com' };
    const asked = answer(desk, id);
    const all = [
      desk.decide({ ...asked, grant, by: 'alice' }),
      desk.decide({ ...asked, grant: second, by: 'bob' }),
      desk.decide({ ...asked, outcome: 'rejected', by: 'carol' }),
    ];
    gate.resolve();
    const [first, ...others] = await Promise.allSettled(all);
    expect(first).toMatchObject({ status: 'fulfilled', value: { by: 'alice', grant } });
    for (const other of others) {
      expect(other).toMatchObject({
        status: 'rejected',
        reason: { code: 'being_decided', message: expect.stringMatching(/^alice is deciding it since/) },
      });
    }
    expect(given).toEqual([grant]);
    await expect(desk.decide({ ...asked, grant: second, by: 'bob' })).rejects.toMatchObject({
      code: 'already_decided',
      message: expect.stringMatching(/^modified already by alice at/),
    });
    expect(given).toEqual([grant]);
  });
});

describe('what takes no grant', () => {
  it.each<[string, () => Promise<[DeskWorld, string]>]>([
    [
      'a push',
      async () => {
        const world = await reachWorld();
        return [world, (await world.desk.connect('git-gate', applying().apply).propose(pushRequest())).id];
      },
    ],
    [
      'a held request',
      async () => {
        const world = await reachWorld();
        return [world, (await world.desk.connect('egress', applying().apply).propose(holdRequest())).id];
      },
    ],
  ])('%s is not approved as asked when the human says otherwise', async (_what, open) => {
    const [{ desk, events }, id] = await open();
    await expect(desk.decide({ ...answer(desk, id), grant })).rejects.toMatchObject({
      code: 'invalid_grant',
    });
    expect(desk.list()).toMatchObject([{ deciding: null }]);
    expect((await events()).map(({ action }) => action)).toEqual(['proposal']);
    expect(await desk.decide(answer(desk, id))).toMatchObject({ outcome: 'approved', grant: null });
  });
});

describe('how it stands', () => {
  it('waits, and wakes with the answer', async () => {
    const { desk } = await reachWorld();
    const source = desk.connect('supervise', applying().apply);
    const { id } = await source.propose(egressRequest());
    const waiting = [source.status(id, 300_000, never), source.status(id, 300_000, never)];
    await desk.decide(answer(desk, id));
    for (const each of await Promise.all(waiting)) expect(each).toMatchObject({ status: 'approved' });
  });

  it('is pending when the time is over, or whoever asked is gone', async () => {
    const { desk } = await reachWorld();
    const source = desk.connect('supervise', applying().apply);
    const { id } = await source.propose(egressRequest());
    expect(await source.status(id, 20, never)).toMatchObject({ status: 'pending' });
    const abort = new AbortController();
    const waiting = source.status(id, 300_000, abort.signal);
    abort.abort();
    expect(await waiting).toMatchObject({ status: 'pending' });
    expect(await source.status(id, 300_000, AbortSignal.abort())).toMatchObject({ status: 'pending' });
  });

  it('is told at the end of the bottle', async () => {
    const { desk } = await reachWorld();
    const source = desk.connect('supervise', applying().apply);
    const { id } = await source.propose(egressRequest());
    const waiting = source.status(id, 300_000, never);
    await desk.close();
    expect(await waiting).toMatchObject({ status: 'abandoned', notes: 'the bottle ended' });
  });

  it('is pending while it is applied', async () => {
    const { desk, hooks } = await reachWorld();
    const source = desk.connect('supervise', applying().apply);
    const { id } = await source.propose(egressRequest());
    const gate = Promise.withResolvers<void>();
    hooks.push(() => gate.promise);
    const deciding = desk.decide(answer(desk, id));
    expect(await source.status(id, 0, never)).toMatchObject({ status: 'pending' });
    gate.resolve();
    await deciding;
  });

  it.each(['0'.repeat(16), '', '..', '../../x', '__proto__', 'constructor', 'A'.repeat(1_000_000)])(
    'is nothing for an id that it never got (%#)',
    async (id) => {
      const { desk } = await reachWorld();
      const source = desk.connect('supervise', applying().apply);
      await source.propose(egressRequest());
      expect(await source.status(id, 300_000, never)).toBeNull();
    },
  );

  it('is nothing for what another sidecar asked, open or answered', async () => {
    const { desk } = await reachWorld();
    const gate = desk.connect('git-gate', applying().apply);
    const supervise = desk.connect('supervise', applying().apply);
    const { id } = await gate.propose(pushRequest());
    expect(await supervise.status(id, 300_000, never)).toBeNull();
    await desk.decide(answer(desk, id));
    expect(await supervise.status(id, 300_000, never)).toBeNull();
    expect(await gate.status(id, 0, never)).toMatchObject({ status: 'approved' });
  });

  it('is nothing for what another bottle asked', async () => {
    const [mine, other] = [await reachWorld(), await reachWorld()];
    const { id } = await other.desk.connect('supervise', applying().apply).propose(egressRequest());
    expect(await mine.desk.connect('supervise', applying().apply).status(id, 300_000, never)).toBeNull();
  });
});

describe('a sidecar that is started anew', () => {
  it('asks how the proposals of its earlier lives stand, and joins those that are open', async () => {
    const { desk, given } = await reachWorld();
    const first = desk.connect('supervise', applying().apply);
    const { id } = await first.propose(egressRequest());
    const answered = await first.propose(egressRequest({ host: 'a.example.com' }));
    await desk.decide(answer(desk, answered.id, 'rejected', 'no'));
    first.gone();
    expect(desk.list().map(({ proposal }) => proposal.id)).toEqual([id]);
    const second = desk.connect('supervise', applying().apply);
    expect(await second.status(answered.id, 0, never)).toMatchObject({ status: 'rejected', notes: 'no' });
    expect(await second.propose(egressRequest())).toEqual({ id });
    const waiting = second.status(id, 300_000, never);
    await desk.decide(answer(desk, id));
    expect(await waiting).toMatchObject({ status: 'approved' });
    expect(given).toHaveLength(1);
  });

  it('finds a held request of its earlier life abandoned, and asks anew', async () => {
    const { desk, queue } = await reachWorld();
    const first = desk.connect('egress', applying().apply);
    const { id } = await first.propose(holdRequest());
    first.gone();
    const second = desk.connect('egress', applying().apply);
    expect(await second.status(id, 0, never)).toMatchObject({ status: 'abandoned' });
    const again = await second.propose(holdRequest());
    expect(again.id).not.toBe(id);
    await desk.close();
    expect((await queue.list()).entries.map(({ response }) => response?.outcome)).toEqual([
      'abandoned',
      'abandoned',
    ]);
  });

  it('loses nothing when it ends while its proposal is stored', async () => {
    const { desk, queue } = await reachWorld();
    const source = desk.connect('supervise', applying().apply);
    const arriving = source.propose(egressRequest());
    source.gone();
    const { id } = await arriving;
    expect(desk.list().map(({ proposal }) => proposal.id)).toEqual([id]);
    expect((await queue.list()).entries).toMatchObject([{ response: null }]);
  });

  it('may end while its proposal is applied: reach is given all the same', async () => {
    const { desk, given, hooks } = await reachWorld();
    const source = desk.connect('supervise', applying().apply);
    const { id } = await source.propose(egressRequest());
    hooks.push(() => source.gone());
    expect(await desk.decide(answer(desk, id))).toMatchObject({ outcome: 'approved' });
    expect(given).toHaveLength(1);
  });
});

describe('what goes wrong beside', () => {
  it('an operator who cannot be told loses no proposal', async () => {
    const fail = (): never => {
      throw new Error('no terminal');
    };
    const { desk, warnings } = await reachWorld({ onNotice: fail, onProposal: fail });
    const { id } = await desk.connect('supervise', applying().apply).propose(egressRequest());
    expect(desk.list().map(({ proposal }) => proposal.id)).toEqual([id]);
    expect(warnings).toEqual([expect.stringMatching(/may not have been told .*: no terminal$/)]);
    expect(await desk.decide(answer(desk, id))).toMatchObject({ outcome: 'approved' });
  });

  it('is told of each proposal once, when it is stored', async () => {
    const told: string[] = [];
    const { desk, queue } = await reachWorld({ onProposal: ({ id }) => told.push(id) });
    const source = desk.connect('supervise', applying().apply);
    const [one] = await Promise.all([source.propose(egressRequest()), source.propose(egressRequest())]);
    expect(told).toEqual([one.id]);
    expect((await queue.list()).entries).toHaveLength(1);
  });

  it.each<[string, Partial<DecideRequest>]>([
    ['a reason without end', { reason: 'x'.repeat(4097) }],
    ['a rejection with a reason without end', { outcome: 'rejected', reason: 'x'.repeat(4097) }],
  ])('%s is refused before anything is done', async (_what, change) => {
    const { desk, given } = await reachWorld();
    const { id } = await desk.connect('supervise', applying().apply).propose(egressRequest());
    await expect(desk.decide({ ...answer(desk, id), ...change })).rejects.toMatchObject({
      code: 'needs_reason',
    });
    expect(given).toEqual([]);
    expect(desk.list()).toMatchObject([{ deciding: null }]);
  });
});
