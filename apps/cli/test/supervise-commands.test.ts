import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { readAudit } from '@bot-bottle/audit';
import { controlSocketPath, ensureControlDir } from '@bot-bottle/backend';
import {
  idSource,
  proposalDigest,
  QueueStore,
  type Proposal,
  type ProposalRequest,
} from '@bot-bottle/supervise';
import { describe, expect, it, onTestFinished } from 'vitest';
import { liveOwner, type LiveOwner } from './live-owner.ts';
import { tempHome, type TempHome } from './temp-home.ts';

type Push = Extract<ProposalRequest, { kind: 'push-approval' }>;

const push = (changes: Partial<Push> = {}): Push => ({
  kind: 'push-approval',
  held: 'h1',
  repo: 'app',
  upstream: 'ssh://git@git.example.com/team/app.git',
  refs: [{ ref: 'refs/heads/main', old_oid: 'a'.repeat(40), new_oid: 'b'.repeat(40), fast_forward: false }],
  reasons: ['the default branch needs approval'],
  commits: [{ oid: 'b'.repeat(40), summary: 'Hide\u202e it' }],
  commit_count: 1,
  paths: [],
  ...changes,
});
const finding: ProposalRequest = {
  ...push({ held: 'h2', repo: 'lib' }),
  kind: 'gitleaks-allow',
  findings: [
    {
      ref: 'refs/heads/main',
      file: 'test/keys.ts',
      line: 7,
      rule: 'gitleaks/generic-api-key',
      commit: null,
      masked: 'key = "****" // gitleaks:allow',
    },
  ],
};

interface Asked extends TempHome {
  readonly cli: TempHome['cli'];
  readonly owner: LiveOwner;
  readonly ids: readonly string[];
}

interface Row {
  readonly id: string;
  readonly state: string;
  readonly digest: string;
}

const rowsOf = (out: string): Row[] => JSON.parse(out) as Row[];

/** A home with one running bottle whose proposals have arrived. */
async function asked(
  requests: readonly ProposalRequest[],
  mode: 'applies' | 'refuses' = 'applies',
): Promise<Asked> {
  const world = tempHome();
  const owner = await liveOwner(world, mode, requests);
  await expect
    .poll(() => owner.warnings.filter((line) => line.includes(' asks: ')))
    .toHaveLength(requests.length);
  const ids = rowsOf((await world.cli(['supervise', 'list', '--json'])).out).map(({ id }) => id);
  return { ...world, owner, ids };
}

const source = ['--conditions=@bot-bottle/source', join(import.meta.dirname, '../src/main.ts')];

/** A program in a session of its own, so without a terminal. */
function program(
  { dir, home }: Pick<TempHome, 'dir' | 'home'>,
  file: string,
  args: readonly string[],
): ChildProcessWithoutNullStreams {
  const env = {
    PATH: process.env['PATH'],
    BOT_BOTTLE_HOME: home,
    XDG_RUNTIME_DIR: join(dir, 'run'),
    HOME: dir,
  };
  return spawn(file, args, { env, detached: true, stdio: 'pipe' });
}

/** A proposal in the queue of a bottle whose owner is gone. */
async function leftBehind(world: TempHome): Promise<Proposal> {
  const proposal: Proposal = {
    id: idSource()(),
    bottle: 'worker-00000',
    sidecar: 'git-gate',
    arrived: '2026-01-02T03:04:05.678Z',
    request: push(),
  };
  await new QueueStore(join(world.home, 'queue'), proposal.bottle).add(proposal);
  return proposal;
}

describe('supervise list', () => {
  it('says on stderr that nothing waits, and makes nothing', async () => {
    const world = tempHome();
    expect(await world.cli(['supervise', 'list'])).toEqual({
      code: 0,
      out: '',
      err: 'no proposal waits for an answer\n',
    });
    expect((await world.cli(['supervise', 'list', '--json'])).out).toBe('[]\n');
  });

  it('shows what running bottles ask, by arrival, hostile text made visible', async () => {
    const { cli, ids, owner } = await asked([push({ repo: 'ev\u001b[2Jil' }), finding]);
    const { code, out } = await cli(['supervise', 'list']);
    expect(code).toBe(0);
    const [, first = '', second = ''] = out.split('\n');
    expect(first).toContain(ids[0]);
    expect(first).toContain(`${owner.identity}  push-approval   open`);
    expect(second).toContain('gitleaks-allow');
    expect(out).toContain('ev\\u{1b}[2Jil');
    expect(out).not.toContain('\u001b');
  });

  it('prints stable JSON with risks and a digest', async () => {
    const { cli, ids } = await asked([push()]);
    expect(JSON.parse((await cli(['supervise', 'list', '--json'])).out)).toEqual([
      {
        id: ids[0],
        bottle: expect.stringMatching(/^worker-/),
        sidecar: 'git-gate',
        kind: 'push-approval',
        state: 'open',
        arrived: expect.stringMatching(/^20.*Z$/),
        asks: 'push branch main to app',
        risks: expect.arrayContaining([expect.stringContaining('force')]),
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
        reason: null,
      },
    ]);
  });

  it('shows those of dead owners as abandoned, of one bottle when asked, and answered ones with --all', async () => {
    const { cli, ids, ...world } = await asked([push()]);
    const left = await leftBehind({ cli, ...world });
    const states = async (...args: string[]): Promise<string[]> =>
      rowsOf((await cli(['supervise', 'list', '--json', ...args])).out).map(
        ({ id, state }) => `${id} ${state}`,
      );
    expect(await states()).toEqual([`${ids[0]} open`, `${left.id} abandoned`]);
    expect(await states('--bottle', 'worker-00000')).toEqual([`${left.id} abandoned`]);
    await cli(['supervise', 'reject', ids[0] ?? '']);
    expect(await states()).toEqual([`${left.id} abandoned`]);
    expect(await states('--all')).toEqual([`${ids[0]} rejected`, `${left.id} abandoned`]);
  });

  it('tells of an owner that does not answer, and decides nothing without it', async () => {
    const world = tempHome();
    const { id, bottle } = await leftBehind(world);
    const runtime = join(world.dir, 'run', 'bot-bottle');
    await ensureControlDir(runtime);
    const server = createServer().listen(controlSocketPath(runtime, bottle));
    onTestFinished(() => void server.close());
    const { out, err } = await world.cli(['supervise', 'list', '--json']);
    expect(rowsOf(out)).toMatchObject([{ id, state: 'unreachable' }]);
    expect(err).toContain(`the owner of ${bottle} does not answer`);
    expect(await world.cli(['supervise', 'approve', id])).toMatchObject({ code: 1, out: '' });
  });

  it('reports a file that is none, and goes on', async () => {
    const world = tempHome();
    const left = await leftBehind(world);
    world.write(`home/queue/worker-00000/proposals/${'z'.repeat(16)}.json`, '{');
    const { code, out, err } = await world.cli(['supervise', 'list']);
    expect(code).toBe(0);
    expect(out).toContain(left.id);
    expect(err).toMatch(/^bot-bottle: warning: queue: .*not JSON; set aside/);
  });
});

describe('supervise show', () => {
  it('prints all of it with its risks, its digest and how to answer', async () => {
    const { cli, ids } = await asked([finding]);
    const { code, out, err } = await cli(['supervise', 'show', ids[0] ?? '']);
    expect(code).toBe(0);
    const digest = rowsOf((await cli(['supervise', 'list', '--json'])).out)[0]?.digest;
    for (const part of [
      'test/keys.ts:7',
      'generic-api-key',
      'risk',
      'git.example.com',
      `digest    ${digest}`,
    ]) {
      expect(out).toContain(part);
    }
    expect(out).toContain('Hide\\u{202e} it');
    expect(err).toContain(`supervise approve ${ids[0]} --reason TEXT`);
  });

  it('takes the start of an id when only one fits', async () => {
    const { cli, ids } = await asked([push(), push({ held: 'h9' })]);
    const id = ids[0] ?? '';
    expect((await cli(['supervise', 'show', id.slice(0, 12), '--json'])).code).toBe(0);
    const both = await cli(['supervise', 'show', id.slice(0, 2)]);
    expect(both).toMatchObject({ code: 1, out: '' });
    expect(both.err).toMatch(/fits several proposals/);
  });

  it.each(['zzzz', '../../etc/passwd', ''])('does not know %j', async (id) => {
    const { code, err } = await tempHome().cli(['supervise', 'show', id]);
    expect(code).toBe(1);
    expect(err).toMatch(/there is no proposal/);
  });

  it('gives the whole proposal as JSON, with the digest that it has', async () => {
    const { cli, ids } = await asked([push()]);
    const shown = JSON.parse((await cli(['supervise', 'show', ids[0] ?? '', '--json'])).out) as {
      proposal: Proposal;
      digest: string;
    };
    expect(proposalDigest(shown.proposal)).toBe(shown.digest);
  });
});

describe('supervise approve and reject', () => {
  it('show what they decide, apply it and record it', async () => {
    const { cli, ids, home, owner } = await asked([push()]);
    const { code, out, err } = await cli(['supervise', 'approve', ids[0] ?? '', '--reason', 'I looked']);
    expect({ code, out }).toEqual({ code: 0, out: `approved ${ids[0]}: applied by git-gate\n` });
    expect(err).toContain('refs/heads/main');
    const { entries } = await new QueueStore(join(home, 'queue'), owner.identity).list();
    expect(entries).toMatchObject([{ response: { outcome: 'approved', reason: 'I looked' } }]);
    const found = [];
    for await (const line of readAudit(join(home, 'audit'), owner.identity)) found.push(line);
    expect(found).toContainEqual(
      expect.objectContaining({ layer: 'supervise', action: 'decide', outcome: 'allowed' }),
    );
  });

  it('print the response as JSON', async () => {
    const { cli, ids } = await asked([push()]);
    const { out } = await cli(['supervise', 'reject', ids[0] ?? '', '--json', '--reason', 'no']);
    expect(JSON.parse(out)).toMatchObject({ id: ids[0], outcome: 'rejected', reason: 'no', applied: null });
  });

  it.each([[['--reason', '  ']], [['--json']]])(
    'need a reason for what looks like a secret: %j is a usage error that says so',
    async (more: string[]) => {
      const { cli, ids } = await asked([finding]);
      const { code, out, err } = await cli(['supervise', 'approve', ids[0] ?? '', ...more]);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toMatch(/error: approving gitleaks-allow needs a reason\n {2}hint: .*--reason TEXT/);
      expect(rowsOf((await cli(['supervise', 'list', '--json'])).out)).toMatchObject([{ state: 'open' }]);
      expect((await cli(['supervise', 'approve', ids[0] ?? '', '--reason', 'a test key'])).code).toBe(0);
    },
  );

  it('need that reason where nobody can be asked', async () => {
    const world = await asked([finding]);
    const child = program(world, process.execPath, [...source, 'supervise', 'approve', world.ids[0] ?? '']);
    const [err, code] = await Promise.all([
      text(child.stderr),
      new Promise((resolve) => child.once('close', resolve)),
    ]);
    expect(code).toBe(2);
    expect(err).toContain('needs a reason');
  });

  it('ask for that reason on a terminal', async () => {
    const { cli, ids, ...world } = await asked([finding]);
    const command = [process.execPath, ...source, 'supervise', 'approve', ids[0]].join(' ');
    const child = program(world, 'script', ['-qec', command, '/dev/null']);
    child.stderr.resume();
    let seen = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => {
      if (!seen.includes('Why may') && (seen + chunk).includes('Why may')) child.stdin.write('a test key\r');
      seen += chunk;
    });
    await text(child.stdout);
    expect(seen).toContain(`approved ${ids[0]}`);
    expect(JSON.parse((await cli(['supervise', 'show', ids[0] ?? '', '--json'])).out)).toMatchObject({
      response: { outcome: 'approved', reason: 'a test key' },
    });
  });

  it('tell why a decision could not be applied, and leave the proposal', async () => {
    const { cli, ids } = await asked([push()], 'refuses');
    const { code, out, err } = await cli(['supervise', 'approve', ids[0] ?? '']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('it could not be applied: main moved meanwhile\\u{1b}[31m');
    expect(err).toContain('hint: the proposal still waits');
    expect((await cli(['supervise', 'reject', ids[0] ?? ''])).code).toBe(0);
  });

  it('are told who was first', async () => {
    const { cli, ids } = await asked([push()]);
    const id = ids[0] ?? '';
    const both = await Promise.all([
      cli(['supervise', 'approve', id, '--reason', 'x']),
      cli(['supervise', 'reject', id]),
    ]);
    expect(both.map(({ code }) => code)).toEqual(expect.arrayContaining([0, 1]));
    expect(both.find(({ code }) => code === 1)?.err).toMatch(/already by|is deciding it since/);
    expect((await cli(['supervise', 'reject', id])).err).toMatch(/was (?:approved|rejected) already by/);
  });

  it('decide only what was shown when its digest is given', async () => {
    const { cli, ids } = await asked([push()]);
    const id = ids[0] ?? '';
    const wrong = await cli(['supervise', 'approve', id, '--digest', 'f'.repeat(64)]);
    expect(wrong).toMatchObject({ code: 1, out: '' });
    expect(wrong.err).toContain('has another digest');
    const digest = rowsOf((await cli(['supervise', 'list', '--json'])).out)[0]?.digest ?? '';
    expect((await cli(['supervise', 'approve', id, '--digest', digest.slice(0, 16)])).code).toBe(0);
  });

  it('cannot answer for a bottle that is gone', async () => {
    const world = tempHome();
    const { id } = await leftBehind(world);
    const { code, err } = await world.cli(['supervise', 'approve', id, '--reason', 'x']);
    expect(code).toBe(1);
    expect(err).toContain('worker-00000 is not running any more');
  });
});

it.each([
  [['supervise']],
  [['supervise', 'nonsense']],
  [['supervise', 'show']],
  [['supervise', 'approve']],
  [['supervise', 'list', 'x']],
  [['supervise', 'approve', 'x', '--nonsense']],
  [['supervise', 'approve', 'x', '--digest', 'abc']],
  [['supervise', 'reject', 'x', '--reason', 'r'.repeat(4097)]],
])('exits 2 on %j', async (args) => {
  expect(await tempHome().cli(args)).toMatchObject({ code: 2, out: '' });
});

it.each([[[]], [['approve']], [['reject']]])('has help with examples: %j', async (sub: string[]) => {
  const { code, out } = await tempHome().cli(['supervise', ...sub, '--help']);
  expect(code).toBe(0);
  expect(out).toMatch(/Examples?:\n {2}bot-bottle supervise/);
});

it.each(['bash', 'zsh', 'fish'])('completes its sub-commands, options and ids in %s', async (shell) => {
  const { out } = await tempHome().cli(['completion', shell]);
  for (const part of ['approve', 'reject', '__names proposals', 'reason']) expect(out).toContain(part);
});

it('gives ids of open proposals to completion', async () => {
  const { cli, ids } = await asked([push()]);
  expect((await cli(['__names', 'proposals'])).out).toBe(`${ids[0]}\n`);
});

it('lists what is still open when the bottle ends, and closes it as rejected', async () => {
  const { cli, ids, owner } = await asked([push()]);
  expect(await owner.close()).toEqual([expect.stringMatching(`${ids[0]}.*nobody answered`)]);
  const rows = rowsOf((await cli(['supervise', 'list', '--json', '--all'])).out);
  expect(rows).toMatchObject([{ id: ids[0], state: 'rejected' }]);
});
