import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bottleFile, grantsOf, reach, reachWorld, type ReachWorld } from './reach-world.ts';
import { tempHome } from './temp-home.ts';

const edit = (world: ReachWorld, script: string, ...more: string[]) =>
  world.edit(['routes', world.owner.identity, 'edit', ...more], script);
const replace = (from: string, to: string): string => `sed -i 's|${from}|${to}|' "$1"`;

/** A world with a grant of ten minutes. */
async function granted(): Promise<ReachWorld> {
  const world = await reachWorld([reach()]);
  expect((await world.cli(['supervise', 'approve', world.ids[0] ?? ''])).code).toBe(0);
  return world;
}

describe('routes', () => {
  it('shows the routes in force, with credentials by the name of their host variable', async () => {
    const world = await granted();
    const { code, out } = await world.cli(['routes', world.owner.identity]);
    expect(code).toBe(0);
    expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['HOST', 'PORTS', 'METHODS', 'PATHS', 'CREDENTIAL', 'DLP', 'OWNER', 'EXPIRES'],
      ['api.example.com', '443', 'GET', 'every', 'Bearer (API_TOKEN)', 'block', 'manifest', '-'],
      ['docs.example.com', '443', 'every', '/guide', '-', 'block', 'manifest', '-'],
      [
        'new.example.com',
        '443',
        'GET',
        '/v1',
        '-',
        'block',
        'grant',
        expect.stringMatching(/^in (?:9|10) min$/),
      ],
      [''],
    ]);
  });

  it('prints stable JSON without any value', async () => {
    const world = await granted();
    const { out } = await world.cli(['routes', world.owner.identity, '--json']);
    expect(JSON.parse(out)).toEqual({
      bottle: world.owner.identity,
      digest: (await world.routes()).digest,
      routes: [
        {
          host: 'api.example.com',
          ports: [443],
          scheme: 'https',
          methods: ['GET'],
          path_allowlist: [],
          auth: { scheme: 'Bearer', token_ref: 'API_TOKEN', header: null, username: null },
          authorization: 'strip',
          agent_headers: [],
          env_secrets: [],
          git: { fetch: false },
          dlp: expect.objectContaining({ on_match: 'block' }),
          address_allowlist: [],
          owner: 'manifest',
          with_credential: false,
          expires_in_seconds: null,
        },
        expect.objectContaining({ host: 'docs.example.com', auth: null }),
        expect.objectContaining({
          host: 'new.example.com',
          owner: 'grant',
          expires_in_seconds: expect.any(Number),
        }),
      ],
    });
    expect(out).not.toContain('a-secret');
  });

  it('says when there are none, and when there is no such bottle', async () => {
    const world = await reachWorld([], { bottle: '---\nagent_provider: { template: command }\n---\n' });
    expect(await world.cli(['routes', world.owner.identity])).toMatchObject({
      code: 0,
      out: '',
      err: expect.stringContaining('reaches no host'),
    });
    expect((await tempHome().cli(['routes', 'worker-00000', 'edit'])).code).toBe(1);
  });
});

describe('routes edit', () => {
  it('opens the manifest routes and grants as YAML that explains itself', async () => {
    const world = await granted();
    const { code, err } = await edit(world, 'cp "$1" "$dir/seen"');
    expect({ code, err }).toEqual({ code: 0, err: 'nothing was changed\n' });
    const seen = world.said('seen');
    expect(seen.replaceAll(/^#.*\n/gm, '').replace(/minutes: [\d.]+/, 'minutes: 9.99')).toBe(
      [
        'routes:',
        '  - host: api.example.com',
        '    methods: [GET]',
        '    auth:',
        '      scheme: Bearer',
        '      token_ref: API_TOKEN',
        '  - host: docs.example.com',
        '    path_allowlist: [/guide]',
        'grants:',
        '  - host: new.example.com',
        '    ports: [443]',
        '    path_allowlist: [/v1]',
        '    methods: [GET]',
        '    minutes: 9.99',
        '    with_credential: false',
        '',
      ].join('\n'),
    );
    expect(seen).toMatch(/^# {3}API_TOKEN$/m);
  });

  it('puts what was edited into force, with a difference and risks, and leaves the end of a grant alone', async () => {
    const world = await granted();
    const before = grantsOf(await world.routes())[0]?.expires_at;
    const { code, out, err } = await edit(world, replace('/guide', '/'), '--yes');
    expect({ code, out }).toEqual({ code: 0, out: `changed the routes of ${world.owner.identity}\n` });
    expect(err).toContain('-    path_allowlist: [/guide]\n+    path_allowlist: [/]\n');
    expect(err).toContain('risk      docs.example.com: widens what this bottle may do at docs.example.com');
    const view = await world.routes();
    expect(view.table.routes.map(({ host, path_allowlist: paths }) => [host, ...paths])).toEqual([
      ['api.example.com'],
      ['docs.example.com', '/'],
      ['new.example.com', '/v1'],
    ]);
    expect(grantsOf(view)[0]?.expires_at).toBe(before);
    expect(
      (await world.audited()).filter(({ action }) => action === 'operator-edit').map((line) => line.outcome),
    ).toEqual(['held', 'done']);
    expect(await readFile(world.file, 'utf8')).toBe(bottleFile);
  });

  it('gives another time from now on, and forgets a grant that was deleted', async () => {
    const world = await granted();
    await edit(world, `sed -i 's/minutes: .*/minutes: 60/' "$1"`, '--yes');
    const view = await world.routes();
    expect(Math.abs((grantsOf(view)[0]?.expires_at ?? 0) - view.now - 3_600_000)).toBeLessThan(10_000);
    const { out } = await edit(
      world,
      `sed -i '/^grants:/,$d' "$1"; echo 'grants: []' >> "$1"`,
      '--yes',
      '--json',
    );
    expect(JSON.parse(out)).toMatchObject({
      routes: [{ host: 'api.example.com' }, { host: 'docs.example.com' }],
    });
    expect(grantsOf(await world.routes())).toEqual([]);
  });

  it('tells of every kind of reach that is new', async () => {
    const world = await reachWorld();
    const more = [
      '  - host: "*.c.example.com"',
      '    auth: { scheme: token, token_ref: API_TOKEN, wildcard: true }',
      '    agent_headers: [x-api-key]',
      '    env_secrets: [S]',
      '    address_allowlist: [10.0.0.0/8]',
      '    git: { fetch: true }',
      '    dlp: { outbound: false }',
    ].join('\\n');
    const { err } = await edit(world, `sed -i 's|^grants:|${more}\\n&|' "$1"`);
    for (const risk of [
      'covers every host below c.example.com',
      'a new host',
      'the credential API_TOKEN is added to its requests',
      "these headers of the agent's own pass: x-api-key",
      'these env secrets may leave to it: S',
      'may be at these private addresses: 10.0.0.0/8',
      'git can be fetched',
      'what leaves is not scanned',
    ]) {
      expect(err).toContain(`risk      *.c.example.com: ${risk}`);
    }
    expect(err).toContain('--yes does it without asking');
    expect((await world.routes()).table.routes).toHaveLength(2);
  });

  it.each([
    [
      'a credential that the bottle does not hold',
      replace('API_TOKEN', 'OTHER_TOKEN'),
      /routes\.yml:\d+:\d+: routes\[0\]\.auth\.token_ref: .*new launch/,
    ],
    ['a host that is none', replace('docs.example.com', '"*.com"'), /routes\.yml:\d+:\d+: routes\[1\]\.host/],
    ['a host twice', replace('docs.example.com', 'api.example.com'), /already names this host/],
    ['an unknown key', replace('methods', 'metods'), /unknown key `metods`/],
    ['no routes at all', `sed -i '/^routes:/,$d' "$1"; echo 'grants: []' >> "$1"`, /`routes` is missing/],
    ['no YAML', 'echo "{" >> "$1"', /routes\.yml:\d+:\d+/],
    ['an editor that fails', `${replace('/guide', '/')}; exit 1`, /exit code 1: nothing was changed/],
    ['an empty file', ': > "$1"', /was emptied: nothing was changed/],
  ])('changes nothing for %s', async (_what, script, message) => {
    const world = await reachWorld();
    const before = (await world.routes()).digest;
    const done = await edit(world, script, '--yes');
    expect(done).toMatchObject({ code: 1, out: '' });
    expect(done.err).toMatch(message);
    expect((await world.routes()).digest).toBe(before);
  });

  it('changes nothing when only comments or the order of keys changed', async () => {
    const world = await reachWorld();
    const before = (await world.routes()).digest;
    const done = await edit(world, 'echo "# mine" >> "$1"', '--yes');
    expect(done).toMatchObject({ code: 0, out: '', err: 'nothing was changed\n' });
    expect((await world.routes()).digest).toBe(before);
  });

  it('changes nothing when the routes changed while the editor was open, and tells what changed', async () => {
    const world = await reachWorld([reach()]);
    const [opened, go] = [join(world.dir, 'opened'), join(world.dir, 'go')];
    execFileSync('mkfifo', [opened, go]);
    const editing = edit(world, `${replace('/guide', '/')}; echo > "${opened}"; cat "${go}"`, '--yes');
    await readFile(opened);
    await world.cli(['supervise', 'approve', world.ids[0] ?? '']);
    await writeFile(go, '');
    const done = await editing;
    expect(done).toMatchObject({ code: 1, out: '' });
    expect(done.err).toMatch(/warning: routes: new: https new\.example\.com:443 by grant/);
    expect((await world.routes()).table.routes.map(({ path_allowlist: paths }) => paths)).toContainEqual([
      '/guide',
    ]);
  });

  it('leaves the old routes in force when egress does not take the new ones', async () => {
    const world = await reachWorld([], { tables: 'refuses' });
    const before = (await world.routes()).digest;
    const done = await edit(world, replace('/guide', '/'), '--yes');
    expect(done).toMatchObject({ code: 1, out: '' });
    expect(done.err).toContain('not now\\u{1b}[31m');
    expect((await world.routes()).digest).toBe(before);
  });
});

describe('dashboard --once', () => {
  const hostile = reach({ host: 'pastebin.com', justification: 'x\u001b[2J' });

  it('prints the bottles that run and all that waits, with the command that answers', async () => {
    const world = await reachWorld([hostile, reach()]);
    const { code, out } = await world.cli(['dashboard', '--once']);
    expect(code).toBe(0);
    const lines = out.split('\n');
    expect(lines[0]).toBe(`${world.owner.identity}  starting  agent worker, bottle plain, on bubblewrap`);
    expect(lines.filter((line) => line.startsWith('  bot-bottle'))).toEqual(
      world.ids.map((id) => `  bot-bottle supervise approve ${id}`),
    );
    expect(out).toMatch(
      new RegExp(`^${world.ids[0]}  ${world.owner.identity}  egress-block  for \\d+ s$`, 'm'),
    );
    expect(out).toContain('  risk: anybody can put data at pastebin.com');
    expect(out).not.toContain('\u001b');
  });

  it('prints JSON', async () => {
    const world = await reachWorld([reach()]);
    const { out } = await world.cli(['dashboard', '--once', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      bottles: [{ identity: world.owner.identity, bottle: 'plain' }],
      proposals: [
        { id: world.ids[0], age_seconds: expect.any(Number), answer: expect.stringContaining('approve') },
      ],
    });
  });

  it('says that nothing is there, and that more is not in this version', async () => {
    const world = tempHome();
    expect((await world.cli(['dashboard', '--once'])).out).toBe(
      'no bottle is running, and nothing waits for an answer\n',
    );
    const { code, err } = await world.cli(['dashboard']);
    expect(code).toBe(2);
    expect(err).toContain('the interactive dashboard is not in this version');
  });
});
