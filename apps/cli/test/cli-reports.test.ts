import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { loadManifestIndex } from '@bot-bottle/manifest';
import { AuditLog } from '@bot-bottle/audit';
import { describe, expect, it } from 'vitest';
import { tempHome } from './temp-home.ts';

describe('list', () => {
  it('prints an empty JSON array when nothing runs', async () => {
    const { code, out } = await tempHome().cli(['list', '--json']);
    expect({ code, out }).toEqual({ code: 0, out: '[]\n' });
  });

  it('says on stderr that nothing runs', async () => {
    const { out, err } = await tempHome().cli(['list']);
    expect({ out, err }).toEqual({ out: '', err: 'no bottle is running\n' });
  });

  it('lists agents, also those whose files are broken', async () => {
    const world = tempHome();
    world.write('home/agents/broken.md', 'nothing');
    const { out } = await world.cli(['list', 'agents']);
    expect(out.split('\n').map((line) => line.split(/\s/)[0])).toEqual(['AGENT', 'broken', 'worker', '']);
  });

  it('marks agents of the repository', async () => {
    const world = tempHome();
    world.write('work/.bot-bottle/agents/worker.md', '---\nbottle: plain\n---\n');
    const { out } = await world.cli(['list', 'agents', '--json']);
    expect(JSON.parse(out)).toMatchObject([
      { name: 'worker', source: 'repository', replaces: expect.any(String) },
    ]);
  });
});

describe('info', () => {
  it('shows names of secrets, never values', async () => {
    const world = tempHome();
    world.write(
      'home/bottles/plain.md',
      '---\nagent_provider: { template: command }\nenv: { KEY: "${THE_VAR}" }\n---\n',
    );
    const { out } = await world.cli(['info', 'worker'], { THE_VAR: 'the-value' });
    expect(out).toContain('KEY (from the host variable THE_VAR)');
    expect(out).not.toContain('the-value');
  });

  it('makes hostile text visible', async () => {
    const world = tempHome();
    world.write('home/agents/worker.md', '---\nbottle: plain\n---\n\u001b[2Jwiped\u202e\n');
    const { out } = await world.cli(['info', 'worker']);
    expect(out).toContain('\\u{1b}[2Jwiped\\u{202e}');
  });
});

describe('start --dry-run', () => {
  it('prints the preflight on stdout and launches nothing', async () => {
    const { code, out } = await tempHome().cli(['start', 'worker', '--dry-run']);
    expect(code).toBe(0);
    expect(out).toMatch(/agent\s+worker/);
  });

  it('prints JSON without any value of the host', async () => {
    const world = tempHome();
    world.write(
      'home/bottles/plain.md',
      '---\nagent_provider: { template: command }\nenv: { KEY: "${THE_VAR}" }\n---\n',
    );
    const { out } = await world.cli(['start', 'worker', '--dry-run', '--json'], {
      THE_VAR: 'the-value-of-it',
    });
    expect(JSON.parse(out)).toMatchObject({
      version: 1,
      agent: { name: 'worker' },
      env: expect.arrayContaining([{ name: 'KEY', secret: true }]),
    });
    expect(out).not.toContain('the-value-of-it');
  });
});

describe('audit', () => {
  const event = {
    layer: 'egress',
    action: 'request',
    outcome: 'denied',
    code: 'host_not_allowed',
    rule: null,
    details: {},
  } as const;

  async function withLog(): Promise<ReturnType<typeof tempHome>> {
    const world = tempHome();
    const log = await AuditLog.open({ dir: join(world.home, 'audit'), bottle: 'worker-abcde' });
    await log.append([{ ...event, target: 'GET https://evil.example/\u001b[31m' }]);
    await log.close();
    return world;
  }

  it('shows events of a bottle that is gone, hostile text made visible', async () => {
    const { code, out } = await (await withLog()).cli(['audit', 'worker-abcde']);
    expect(code).toBe(0);
    expect(out).toContain('host_not_allowed');
    expect(out).toContain('evil.example/\\u{1b}[31m');
    expect(out).not.toContain('\u001b');
  });

  it('verifies, and finds a changed line', async () => {
    const world = await withLog();
    expect((await world.cli(['audit', 'worker-abcde', '--verify'])).code).toBe(0);
    const file = join(world.home, 'audit/worker-abcde/egress.jsonl');
    world.write(
      'home/audit/worker-abcde/egress.jsonl',
      readFileSync(file, 'utf8').replace('denied', 'allowed'),
    );
    const { code, out } = await world.cli(['audit', 'worker-abcde', '--verify', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ ok: false });
  });
});

describe('init', () => {
  it.each(['claude', 'command'])('writes a bottle and an agent for %s that parse', async (provider) => {
    const world = tempHome();
    const { code, out } = await world.cli(['init', '--provider', provider, '--name', 'mine']);
    expect(code).toBe(0);
    expect(out.trim().split('\n')).toEqual([
      join(world.home, 'bottles/mine.md'),
      join(world.home, 'agents/mine.md'),
    ]);
    const index = await loadManifestIndex({ botBottleHome: world.home, cwd: null });
    const agent = await index.agent('mine');
    expect(agent.bottle.agentProvider.template).toBe(provider);
    expect(agent.bottle.egress.routes).toEqual([]);
  });

  it('touches nothing that exists', async () => {
    const world = tempHome();
    world.write('home/bottles/mine.md', 'my own');
    const { code, err } = await world.cli(['init', '--name', 'mine']);
    expect(code).toBe(1);
    expect(err).toContain('exists already');
    expect(readFileSync(join(world.home, 'bottles/mine.md'), 'utf8')).toBe('my own');
  });

  it('proposes from the repository in comments only, without a token_ref, and nothing but plain hosts', async () => {
    const world = tempHome();
    world.write('work/package.json', '{}');
    world.write(
      'work/.git/config',
      '[remote "a"]\n\turl = git@git.example.com:x/y.git\n[remote "b"]\n\turl = https://user:pw@other.example/x\n' +
        '[remote "c"]\n\turl = https://evil\u001b.example/\n[remote "d"]\n\turl = https://a\nauth:{token_ref:X}/x\n',
    );
    await world.cli(['init', '--name', 'mine', '--from-repo']);
    const text = readFileSync(join(world.home, 'bottles/mine.md'), 'utf8');
    expect(text).toContain('#   - host: registry.npmjs.org');
    expect(text).toContain('#   - host: git.example.com');
    expect(text).toContain('#   - host: other.example');
    for (const part of ['evil', 'pw@', '\u001b']) expect(text).not.toContain(part);
    expect(text.split('Proposed from')[1]).not.toContain('token_ref');
    const index = await loadManifestIndex({ botBottleHome: world.home, cwd: null });
    expect((await index.bottle('mine')).egress.routes).toEqual([]);
  });
});

describe('schema and completion', () => {
  it.each(['bottle', 'agent'])('prints the JSON Schema of a %s', async (what) => {
    const { out } = await tempHome().cli(['schema', what]);
    expect(JSON.parse(out)).toMatchObject({ type: 'object' });
  });

  it.each(['bash', 'zsh', 'fish'])(
    'prints a completion script for %s with every command and no hidden one',
    async (shell) => {
      const { out } = await tempHome().cli(['completion', shell]);
      for (const command of ['start', 'run', 'audit', 'cleanup']) expect(out).toContain(command);
      expect(out).not.toContain('__owner');
      const check = spawnSync(shell, ['-n'], { input: out, encoding: 'utf8' });
      if (check.error === undefined) expect(check.stderr).toBe('');
    },
  );

  it('gives names to completion, and nothing when all is broken', async () => {
    const world = tempHome();
    expect((await world.cli(['__names', 'agents'])).out).toBe('worker\n');
    expect(await world.cli(['__names', 'agents'], { BOT_BOTTLE_HOME: '/none/of/this' })).toMatchObject({
      code: 0,
      out: '',
    });
  });
});

it('doctor reports every check as JSON', async () => {
  const { out } = await tempHome().cli(['doctor', '--json']);
  const report = JSON.parse(out) as {
    checks: Array<{ name: string; status: string; remedy: string | null }>;
  };
  expect(report.checks.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['node', 'bwrap', 'user namespaces', 'git']),
  );
  for (const check of report.checks.filter(({ status }) => status === 'missing'))
    expect(check.remedy).not.toBeNull();
});

it('cleanup removes stale state, keeps what is preserved, and then has nothing to do', async () => {
  const world = tempHome();
  world.write('home/state/worker-aaaaa/metadata.json', '{}');
  world.write('home/state/worker-bbbbb/metadata.json', '{}');
  world.write('home/state/worker-bbbbb/.preserve', 'kept');
  const first = await world.cli(['cleanup', '--yes', '--json']);
  const found = (JSON.parse(first.out) as { leftovers: Array<{ identity: string }> }).leftovers;
  expect(found.map(({ identity }) => identity)).toContain('worker-aaaaa');
  expect(found.map(({ identity }) => identity)).not.toContain('worker-bbbbb');
  const kept = await world.cli(['list', 'preserved', '--json']);
  expect(JSON.parse(kept.out)).toMatchObject([{ identity: 'worker-bbbbb' }]);
});

it('cleanup asks, and removes nothing without an answer', async () => {
  const world = tempHome();
  world.write('home/state/worker-aaaaa/metadata.json', '{}');
  const { code, err } = await world.cli(['cleanup']);
  expect(code).toBe(1);
  expect(err).toContain('--yes');
  expect(readFileSync(join(world.home, 'state/worker-aaaaa/metadata.json'), 'utf8')).toBe('{}');
});
