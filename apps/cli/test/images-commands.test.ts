import { describe, expect, it } from 'vitest';
import { fakeEngine, type FakeEngine, type FakeImage } from './fake-engine.ts';
import { tempHome, type TempHome } from './temp-home.ts';

const image = (name: string, tag: string, Created: number, label = name): FakeImage => ({
  Id: `sha256:${tag}`,
  RepoTags: [`bot-bottle/${name}:${tag}`],
  Labels: label === '' ? {} : { 'bot-bottle.image': label },
  Size: 311_000_000,
  Created,
});
const old = '0123456789ab';
const newer = 'ba9876543210';

async function world(): Promise<{ home: TempHome; engine: FakeEngine; env: { DOCKER_HOST: string } }> {
  const home = tempHome();
  const engine = await fakeEngine(home.dir);
  engine.images.push(image('sidecar-egress', newer, 2), image('sidecar-egress', old, 1));
  return { home, engine, env: { DOCKER_HOST: engine.host } };
}

describe('images list', () => {
  it('tells size, age and state', async () => {
    const { home, engine, env } = await world();
    engine.used.add(`sha256:${old}`);
    const { code, out } = await home.cli(['images', 'list'], env);
    expect(code).toBe(0);
    expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['NAME', 'TAG', 'SIZE', 'CREATED', 'STATE'],
      ['sidecar-egress', newer, '311 MB', '1970-01-01T00:00:02', 'current'],
      ['sidecar-egress', old, '311 MB', '1970-01-01T00:00:01', 'old, in use'],
      [''],
    ]);
  });

  it('prints JSON, and leaves out what only looks like ours', async () => {
    const { home, engine, env } = await world();
    engine.images.push(image('agent-claude', old, 3, ''), image('mine', old, 3, 'agent-claude'));
    const { out } = await home.cli(['images', 'list', '--json'], env);
    expect(JSON.parse(out)).toEqual([
      expect.objectContaining({ name: 'sidecar-egress', tag: newer, current: true, in_use: false }),
      {
        name: 'sidecar-egress',
        reference: `bot-bottle/sidecar-egress:${old}`,
        tag: old,
        id: `sha256:${old}`,
        bytes: 311_000_000,
        created: '1970-01-01T00:00:01Z',
        current: false,
        in_use: false,
      },
    ]);
  });

  it('makes a hostile label visible', async () => {
    const { home, engine, env } = await world();
    const name = 'a\u001b[2J';
    engine.images.push({ ...image('x', old, 3, name), RepoTags: [`bot-bottle/${name}:${old}`] });
    const { out } = await home.cli(['images', 'list'], env);
    expect(out).not.toContain('\u001b');
  });
});

describe('images prune', () => {
  it('removes old images of ours and the idle bridge, and nothing else', async () => {
    const { home, engine, env } = await world();
    engine.images.push(
      image('sidecar-supervise', newer.replace('b', 'c'), 1),
      image('agent-claude', old, 3, ''),
    );
    const labels = { 'bot-bottle.egress-network': '1' };
    engine.networks.push(
      { Id: 'n1', Name: 'bot-bottle-egress', Labels: labels },
      { Id: 'n2', Name: 'theirs', Labels: labels },
    );
    const { code, out, err } = await home.cli(['images', 'prune', '--yes', '--json'], env);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toEqual({
      removed: [`bot-bottle/sidecar-egress:${old}`, 'bot-bottle-egress'],
      kept: [],
      failed: [],
    });
    expect(engine.images.flatMap(({ RepoTags }) => RepoTags)).toEqual([
      `bot-bottle/sidecar-egress:${newer}`,
      `bot-bottle/sidecar-supervise:${newer.replace('b', 'c')}`,
      `bot-bottle/agent-claude:${old}`,
    ]);
    expect(engine.networks.map(({ Name }) => Name)).toEqual(['theirs']);
  });

  it('shows what it would remove, and removes nothing that nobody confirmed', async () => {
    const { home, engine, env } = await world();
    const { code, out, err } = await home.cli(['images', 'prune'], env);
    expect(code).toBe(1);
    expect(out).toContain(`image  bot-bottle/sidecar-egress:${old}  311 MB`);
    expect(err).toContain('confirm beforehand with --yes');
    expect(engine.images).toHaveLength(2);
  });

  it('keeps what a container uses, and the bridge while any container is there that may be on it', async () => {
    const { home, engine, env } = await world();
    engine.used.add(`sha256:${old}`);
    engine.networks.push({
      Id: 'n1',
      Name: 'bot-bottle-egress',
      Labels: { 'bot-bottle.egress-network': '1' },
    });
    const { code, err } = await home.cli(['images', 'prune', '--yes'], env);
    expect({ code, err }).toEqual({ code: 0, err: 'nothing is old or idle\n' });
    expect(engine.images).toHaveLength(2);
    expect(engine.networks).toHaveLength(1);
  });
});

describe('images', () => {
  it.each([['list'], ['build'], ['prune']])('%s says what to do when no engine answers', async (command) => {
    const { code, err } = await tempHome().cli(['images', command], {
      DOCKER_HOST: 'unix:///nowhere/docker.sock',
    });
    expect(code).toBe(1);
    expect(err).toContain('no Docker engine is at unix:///nowhere/docker.sock');
    expect(err).toContain('install Docker Engine and start it');
  });

  it('build knows its images, and asks no engine about others', async () => {
    const { code, err } = await tempHome().cli(['images', 'build', '../x'], {
      DOCKER_HOST: 'unix:///nowhere',
    });
    expect(code).toBe(2);
    expect(err).toContain('there is no image ../x');
    expect(err).toContain('sidecar-egress, sidecar-git-gate, sidecar-supervise, agent-claude');
  });
});
