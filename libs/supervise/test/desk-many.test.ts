import { setImmediate as turn } from 'node:timers/promises';
import { verifyAudit } from '@bot-bottle/audit';
import { ProtocolError, ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  MAX_PROCESSED,
  SuperviseError,
  type Grant,
  type ProposalApplier,
  type ProposalSource,
  type QueueStore,
  type Response,
} from '../src/index.ts';
import { auditDir, bottle, deskWorld, pushRequest } from './desk-world.ts';
import { egressRequest, holdRequest } from './samples.ts';

const MANY = 1000;
const sidecars = ['supervise', 'git-gate', 'egress'] as const;
type Sidecar = (typeof sidecars)[number];

/** A chance that a seed repeats (mulberry32). */
function chanceOf(seed: number): (most: number) => number {
  let state = seed >>> 0;
  return (most) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * most;
  };
}

class Counts {
  readonly #counts = new Map<string, number>();

  add(id: string): void {
    this.#counts.set(id, this.of(id) + 1);
  }

  of(id: string): number {
    return this.#counts.get(id) ?? 0;
  }
}

async function run(seed: number): Promise<void> {
  const chance = chanceOf(seed);
  const [applied, added, responded] = [new Counts(), new Counts(), new Counts()];
  const ends = new Map<string, Response>();
  const lives = new Map<Sidecar, ProposalSource>();

  const die = (sidecar: Sidecar): void => {
    lives.get(sidecar)?.gone();
    connect(sidecar);
  };
  /** What may happen while something is applied: nothing, a refusal, a death before it or after it. */
  const perform = async (id: string, sidecar: Sidecar): Promise<void> => {
    for (let count = chance(4); count > 0; count -= 1) await turn();
    const fate = chance(10);
    if (fate < 2) throw new ProtocolRefusal('not now');
    if (fate < 2.5) {
      die(sidecar);
      if (sidecar !== 'supervise') throw new ProtocolError('closed', 'the sidecar is gone');
    }
    applied.add(id);
    if (fate > 9.5 && sidecar !== 'supervise') {
      die(sidecar);
      throw new ProtocolError('closed', 'the sidecar is gone');
    }
  };
  const reach: ProposalApplier = {
    review: () => undefined,
    apply: async ({ id }, { grant = null }) => {
      await perform(id, 'supervise');
      return { outcome: grant === null ? 'approved' : 'modified', text: 'given', grant };
    },
  };
  const hold: ProposalApplier = {
    apply: async (_proposal, _decision, { tell }) => {
      await tell();
      return { outcome: 'approved', text: 'let go', grant: null };
    },
  };
  const counted = (queue: QueueStore): Pick<QueueStore, 'add' | 'respond' | 'list'> => ({
    list: () => queue.list(),
    add: async (proposal) => {
      await queue.add(proposal);
      added.add(proposal.id);
    },
    respond: async (response) => {
      await queue.respond(response);
      responded.add(response.id);
      ends.set(response.id, response);
    },
  });
  const world = await deskWorld(
    { appliers: { 'egress-block': reach, 'dlp-hold': hold }, flood: { take: () => undefined } },
    counted,
  );
  const { desk } = world;
  function connect(sidecar: Sidecar): void {
    const tell = async ({ proposal, outcome }: { proposal: string; outcome: string }): Promise<void> => {
      if (outcome === 'approved') await perform(proposal, sidecar);
      else if (chance(10) < 1) throw new ProtocolRefusal('I will not');
    };
    lives.set(sidecar, desk.connect(sidecar, tell));
  }
  for (const sidecar of sidecars) connect(sidecar);

  const asked = new Map<string, Sidecar>();
  let arriving = MANY;
  const propose = async (): Promise<void> => {
    while (arriving > 0) {
      arriving -= 1;
      const number = arriving;
      const sidecar = sidecars[Math.floor(chance(3))] ?? 'supervise';
      const request =
        sidecar === 'supervise'
          ? egressRequest({ host: `h${number}.example.com` })
          : sidecar === 'egress'
            ? holdRequest({ target: `/${number}` })
            : pushRequest({ held: `h${number}` });
      // A life that ends in this moment takes it with it; that is the one refusal there is.
      await lives
        .get(sidecar)
        ?.propose(request)
        .then(({ id }) => asked.set(id, sidecar))
        .catch((error: unknown) => expect(String(error)).toContain('stopped'));
      if (chance(100) < 1) die(sidecar);
    }
  };
  const expected = new Set(['being_decided', 'already_decided', 'unknown_proposal', 'apply_failed']);
  const grant: Grant = { ...grantBase, minutes: 5 };
  const decide = async (by: string): Promise<void> => {
    for (;;) {
      const open = desk.list();
      const one = open[Math.floor(chance(open.length))];
      if (one === undefined) {
        if (arriving <= 0) return;
        await turn();
        continue;
      }
      // Some are left open.
      if (arriving <= 0 && open.length <= 5) return;
      const isReach = one.proposal.request.kind === 'egress-block';
      const fate = chance(3);
      await desk
        .decide({
          id: one.proposal.id,
          digest: one.digest,
          outcome: fate < 1 ? 'rejected' : 'approved',
          reason: 'because',
          by,
          grant: fate > 2 && isReach ? grant : null,
        })
        .catch((error: unknown) => {
          if (!SuperviseError.isInstance(error) || !expected.has(error.code)) throw error;
        });
      await turn();
    }
  };
  await Promise.all([
    ...Array.from({ length: 8 }, propose),
    ...Array.from({ length: 6 }, (_, index) => decide(`op${index}`)),
  ]);
  const open = new Set(desk.list().map(({ proposal }) => proposal.id));
  await expect.poll(() => [...asked.keys()].filter((id) => !open.has(id) && !ends.has(id))).toEqual([]);
  for (const [id, sidecar] of asked) {
    const status = await lives.get(sidecar)?.status(id, 0, new AbortController().signal);
    if (open.has(id)) expect(status).toMatchObject({ status: 'pending' });
    else if (status !== null) expect(status).toMatchObject({ status: ends.get(id)?.outcome });
  }

  await desk.close();
  const events = await world.events();
  const decided = new Counts();
  const eventOutcome = new Map<string, unknown>();
  for (const { action, details } of events) {
    if (action !== 'decide') continue;
    decided.add(String(details['id']));
    eventOutcome.set(String(details['id']), details['outcome']);
  }
  expect(asked.size).toBeGreaterThan(MANY * 0.9);
  for (const id of asked.keys()) {
    const end = ends.get(id);
    expect([id, added.of(id), responded.of(id), decided.of(id)]).toEqual([id, 1, 1, 1]);
    expect(eventOutcome.get(id)).toBe(end?.outcome);
    const wasDone = end?.outcome === 'approved' || end?.outcome === 'modified';
    if (wasDone) expect([id, applied.of(id)]).toEqual([id, 1]);
    else if (end?.outcome === 'rejected') expect([id, applied.of(id)]).toEqual([id, 0]);
    else {
      expect(applied.of(id)).toBeLessThanOrEqual(1);
      // Nobody says that it was not applied when it may have been.
      if (applied.of(id) === 1) expect(end?.reason).toContain('not known');
    }
  }
  const { entries, problems } = await world.queue.list();
  expect(problems).toEqual([]);
  expect(entries).toHaveLength(MAX_PROCESSED);
  for (const { proposal, response } of entries) expect(response).toEqual(ends.get(proposal.id));
  await world.audit.close();
  expect(await verifyAudit({ dir: auditDir(world), bottle })).toMatchObject({ ok: true, problems: [] });
}

const grantBase = {
  host: 'other.example.com',
  ports: [443],
  path_allowlist: [],
  methods: ['GET'],
  inject: false,
};

it(
  'of a thousand, with failures and deaths and six who decide, none is lost and none is applied twice',
  { timeout: 120_000 },
  async () => {
    await fc.assert(fc.asyncProperty(fc.integer(), run), { numRuns: 2, endOnFailure: true });
  },
);
