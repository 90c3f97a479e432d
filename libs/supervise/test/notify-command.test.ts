import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createNotifier, notificationSchema, type Notification, type Notifier } from '../src/index.ts';
import { egressRequest, pushRequest, sampleProposal, tempDir } from './samples.ts';

interface World {
  readonly notifier: Notifier;
  readonly warnings: string[];
  readonly folder: string;
  /** waits for a file that the command wrote */
  readonly written: (name: string, part?: string) => Promise<string>;
}

/** A notifier whose command is a program of ours; `$1` of the script is the folder of the test. */
async function scripted(
  script: string,
  changes: { readonly timeoutMs?: number; readonly environment?: NodeJS.ProcessEnv } = {},
): Promise<World> {
  const folder = await tempDir();
  return await commanded(['sh', '-c', script, 'sh', folder], folder, changes);
}

async function commanded(
  command: readonly string[],
  folder: string,
  changes: { readonly timeoutMs?: number; readonly environment?: NodeJS.ProcessEnv } = {},
): Promise<World> {
  const warnings: string[] = [];
  const onWarning = (message: string): void => void warnings.push(message);
  const notifier = createNotifier({ command, webhook: null, onWarning, ...changes });
  onTestFinished(async () => await notifier.close());
  const written = async (name: string, part = '\n'): Promise<string> => {
    const read = async (): Promise<string> => await readFile(join(folder, name), 'utf8').catch(() => '');
    await expect.poll(read, { timeout: 10_000 }).toContain(part);
    return await read();
  };
  return { notifier, warnings, folder, written };
}

const parse = (text: string): Notification => notificationSchema.parse(JSON.parse(text));

async function isAlive(pid: string): Promise<boolean> {
  // A killed process that nobody has reaped yet is not alive.
  const stat = await readFile(`/proc/${pid.trim()}/stat`, 'utf8').catch(() => ') Z');
  return !stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
}

it('gets one JSON text that follows the schema', async () => {
  const { notifier, warnings, written } = await scripted('cat > "$1/got"; echo end > "$1/end"');
  const proposal = sampleProposal({ sidecar: 'supervise', request: egressRequest() });
  notifier.notify(proposal);
  await written('end');
  expect(parse(await written('got'))).toEqual({
    version: 1,
    event: 'proposal',
    bottle: proposal.bottle,
    id: proposal.id,
    kind: 'egress-block',
    title: expect.stringContaining('registry.example.com'),
    risks: expect.arrayContaining(['every path of the host']),
    arrived: proposal.arrived,
    answer: `bot-bottle supervise show ${proposal.id}`,
    skipped: 0,
  });
  expect(warnings).toEqual([]);
});

it('knows the risks that depend on the routes', async () => {
  const { folder, written } = await scripted('true');
  const notifier = createNotifier({
    command: ['sh', '-c', 'cat > "$0/got"; echo end > "$0/end"', folder],
    webhook: null,
    onWarning: () => undefined,
    table: () => ({ version: 1, routes: [] }),
  });
  onTestFinished(async () => await notifier.close());
  notifier.notify(sampleProposal({ sidecar: 'supervise', request: egressRequest() }));
  await written('end');
  expect(parse(await written('got')).risks).toContain(
    'a new host: no route of this bottle has registry.example.com',
  );
});

it('is run without a shell: what stands in a proposal is text', async () => {
  const { notifier, folder, written } = await scripted('cat > "$1/got"; echo end > "$1/end"');
  const evil = `$(touch ${folder}/pwned) \`touch ${folder}/pwned\`; touch ${folder}/pwned\n'"|&> ${folder}/pwned`;
  notifier.notify(sampleProposal({ request: pushRequest({ repo: evil, reasons: [evil] }) }));
  await written('end');
  expect(parse(await written('got')).title).toContain('$(touch');
  await expect(readFile(join(folder, 'pwned'))).rejects.toMatchObject({ code: 'ENOENT' });
});

it('does not interpolate its own arguments either', async () => {
  const folder = await tempDir();
  const { notifier, written } = await commanded(
    ['node', '-e', 'require("fs").writeFileSync(process.argv[1] + "/got", process.argv[2] + "\\n")'].concat([
      folder,
      '{title} $HOME $(id) %s',
    ]),
    folder,
  );
  notifier.notify(sampleProposal());
  expect(await written('got')).toBe('{title} $HOME $(id) %s\n');
});

it('gets visible and bounded text only', async () => {
  const { notifier, written } = await scripted('cat > "$1/got"; echo end > "$1/end"');
  const evil = `\u001b[2J\u202e\n${'x'.repeat(200)}`;
  notifier.notify(
    sampleProposal({
      bottle: evil.slice(0, 100),
      request: pushRequest({
        repo: evil,
        refs: Array.from({ length: 200 }, (_, index) => ({
          ref: `refs/heads/${index}${evil}`,
          old_oid: null,
          new_oid: 'a'.repeat(40),
        })),
      }),
    }),
  );
  await written('end');
  const text = await written('got');
  const { title, risks, bottle } = parse(text);
  expect(text.length).toBeLessThan(8 * 1024);
  for (const each of [title, bottle, ...risks]) {
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(each).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
  }
});

it('gets no secret of the environment of the operator, and stands in no folder of his', async () => {
  const environment = {
    PATH: process.env['PATH'],
    HOME: '/home/op',
    LANG: 'C',
    DISPLAY: ':0',
    GITHUB_TOKEN: 'secret-token',
    NODE_OPTIONS: '--require=/evil.js',
    LD_PRELOAD: '/evil.so',
    BASH_ENV: '/evil.sh',
  };
  const { notifier, written } = await scripted('env > "$1/env"; pwd > "$1/pwd"; echo end > "$1/end"', {
    environment,
  });
  notifier.notify(sampleProposal());
  await written('end');
  // The shell itself sets PWD and its kind.
  const own = new Set(['PWD', 'OLDPWD', 'SHLVL', '_', '']);
  const names = (await written('env')).split('\n').map((line) => line.split('=')[0] ?? '');
  expect(new Set(names.filter((name) => !own.has(name)))).toEqual(
    new Set(['DISPLAY', 'HOME', 'LANG', 'PATH']),
  );
  expect(await written('pwd')).toBe('/\n');
});

const failing: [string, string, string, RegExp][] = [
  ['fails', 'sh', 'cat > /dev/null; exit 3', /ended with exit code 3$/],
  ['is killed', 'sh', 'kill -KILL $$', /ended with SIGKILL$/],
  ['is missing', 'no-such-program-secret', '', /cannot be started \(ENOENT\)$/],
  ['is no program at all', '', '', /cannot be started \(ERR_INVALID_ARG_VALUE\)$/],
  ['has a NUL in it', 'a\0secret', '', /cannot be started \(ERR_INVALID_ARG_VALUE\)$/],
  ['is a folder', '/tmp', '', /cannot be started \(EACCES\)$/],
];
it.each(failing)(
  'that %s is one warning, without its arguments',
  async (_what, program, script, expected) => {
    const { notifier, warnings } = await commanded([program, '-c', script, 'secret-arg'], '/');
    const { id } = sampleProposal();
    notifier.notify(sampleProposal({ id }));
    await expect.poll(() => warnings, { timeout: 10_000 }).toHaveLength(1);
    expect(warnings[0]).toMatch(expected);
    expect(warnings[0]).toContain(id);
    expect(warnings[0]).not.toContain('secret');
  },
);

it('that hangs is killed with all its processes, and that is one warning', async () => {
  const script = 'sleep 600 & echo $! > "$1/child"; echo $$ > "$1/self"; trap "" TERM; wait';
  const { notifier, warnings, written } = await scripted(script, { timeoutMs: 500 });
  notifier.notify(sampleProposal());
  const pids = [await written('child'), await written('self')];
  await expect.poll(() => warnings, { timeout: 10_000 }).toHaveLength(1);
  expect(warnings[0]).toMatch(/took longer than 0\.5 s and was ended$/);
  for (const pid of pids) await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
});

it('that floods its output, or never reads its input, blocks nobody', async () => {
  const script = 'head -c 50000000 /dev/zero; head -c 50000000 /dev/zero >&2; echo end > "$1/end"';
  const { notifier, warnings, written } = await scripted(script);
  notifier.notify(sampleProposal());
  await written('end');
  expect(warnings).toEqual([]);
});

it('that closes its input at once is fine', async () => {
  const { notifier, warnings, written } = await scripted('exec <&-; sleep 0.1; echo end > "$1/end"');
  notifier.notify(sampleProposal());
  await written('end');
  expect(warnings).toEqual([]);
});

it('runs at most four at a time; the newest of the others waits and counts those that it replaced', async () => {
  const script =
    'cat > "$1/got-$$"; echo >> "$1/started"; while [ ! -e "$1/go" ]; do sleep 0.05; done; echo >> "$1/ended"';
  const { notifier, warnings, folder, written } = await scripted(script);
  const all = Array.from({ length: 10 }, () => sampleProposal());
  for (const proposal of all) notifier.notify(proposal);
  await written('started', '\n\n\n\n');
  expect(await written('started')).toBe('\n\n\n\n');
  await writeFile(join(folder, 'go'), '');
  await written('ended', '\n'.repeat(5));
  const { readdir } = await import('node:fs/promises');
  const names = (await readdir(folder)).filter((name) => name.startsWith('got-'));
  const got = await Promise.all(names.map(async (name) => parse(await readFile(join(folder, name), 'utf8'))));
  const told = new Map(got.map(({ id, skipped }) => [id, skipped]));
  expect(told).toEqual(
    new Map([...all.slice(0, 4).map(({ id }) => [id, 0] as const), [all[9]?.id ?? '', 5] as const]),
  );
  expect(warnings).toEqual([]);
});

it('is ended by close, which waits for that and warns of nothing; nothing is run any more', async () => {
  const { notifier, warnings, folder, written } = await scripted('echo $$ > "$1/self"; sleep 600');
  notifier.notify(sampleProposal());
  const pid = await written('self');
  await notifier.close();
  expect(await isAlive(pid)).toBe(false);
  await mkdir(join(folder, 'marker'));
  notifier.notify(sampleProposal());
  await notifier.close();
  expect(warnings).toEqual([]);
});

it('does nothing when there is neither a command nor a webhook', async () => {
  const warnings: string[] = [];
  const onWarning = (message: string): void => void warnings.push(message);
  const notifier = createNotifier({ command: null, webhook: null, onWarning });
  notifier.notify(sampleProposal());
  await notifier.close();
  expect(warnings).toEqual([]);
});
