import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { proposalDigest, QueueStore, type Outcome, type Proposal } from '@bot-bottle/supervise';
import { describe, expect, it } from 'vitest';
import { abandonedProposals, renderAbandoned } from '../src/launch/abandoned-proposals.ts';
import { tempHome, type TempHome } from './temp-home.ts';

const identity = 'worker-abcde';
const started = '2026-02-01T10:00:00.000Z';

function proposal(digit: string, arrived: string, host = 'api.example'): Proposal {
  return {
    id: `${digit}aaaaaaaaaaaaaaa`,
    bottle: identity,
    sidecar: 'supervise',
    arrived,
    request: {
      kind: 'egress-block',
      host,
      ports: [443],
      path_allowlist: [],
      methods: [],
      minutes: null,
      justification: 'please',
    },
  };
}

async function queued(
  world: TempHome,
  ended: ReadonlyArray<readonly [Proposal, Outcome | null]>,
): Promise<readonly string[]> {
  const queue = new QueueStore(join(world.home, 'queue'), identity);
  for (const [each, outcome] of ended) {
    await queue.add(each);
    if (outcome === null) continue;
    await queue.respond({
      id: each.id,
      outcome,
      reason: '',
      decided: '2026-02-01T12:00:00.000Z',
      by: null,
      digest: proposalDigest(each),
      applied: null,
      grant: null,
      dockerfile: null,
    });
  }
  const found = await abandonedProposals(world.home, identity, started, () => undefined);
  return found.map(({ id }) => id.slice(0, 1));
}

describe('abandoned proposals', () => {
  it('are those of the last life that were closed, or are still open, without an answer', async () => {
    const later = '2026-02-01T11:00:00.000Z';
    const found = await queued(tempHome(), [
      [proposal('1', '2026-01-31T11:00:00.000Z'), 'abandoned'],
      [proposal('2', '2026-01-31T11:00:00.000Z'), null],
      [proposal('3', later), 'abandoned'],
      [proposal('4', later), 'approved'],
      [proposal('5', later), 'rejected'],
      [proposal('6', later), 'modified'],
      [proposal('7', later), null],
      [proposal('8', started), null],
    ]);
    expect(found).toEqual(['3', '7', '8']);
  });

  it.each([null, 'not a time'])('count from ever when the start is %j', async (since) => {
    const world = tempHome();
    await queued(world, [[proposal('1', '2020-01-01T00:00:00.000Z'), null]]);
    expect(await abandonedProposals(world.home, identity, since, () => undefined)).toHaveLength(1);
  });

  it('are none where nothing was asked, and nothing is made', async () => {
    const problems: string[] = [];
    const world = tempHome();
    const told = (problem: string): unknown => problems.push(problem);
    expect(await abandonedProposals(world.home, identity, started, told)).toEqual([]);
    expect(problems).toEqual([]);
  });

  it('of a queue that others can write to are none, and that is told', async () => {
    const world = tempHome();
    const queue = join(world.home, 'queue');
    mkdirSync(queue);
    chmodSync(queue, 0o777);
    const problems: string[] = [];
    const told = (problem: string): unknown => problems.push(problem);
    expect(await abandonedProposals(world.home, identity, started, told)).toEqual([]);
    expect(problems).toEqual([expect.stringMatching(/can be written by other users/)]);
  });

  it('are shown visibly and bounded', () => {
    const hostile = {
      id: '1'.repeat(16),
      kind: 'egress-block',
      title: '\u001b[2J\u202e\n  forged',
      arrived: '',
    };
    const text = renderAbandoned(Array.from({ length: 25 }, () => hostile));
    expect(text.trimEnd().split('\n')).toHaveLength(22);
    expect(text).toContain('… and 5 more');
    expect(text).toContain('\\u{1b}[2J\\u{202e}');
    for (const raw of ['\u001b', '\u202e', '\n  forged']) expect(text).not.toContain(raw);
    expect(renderAbandoned([])).toBe('');
  });
});
