import { execInBottle } from '@bot-bottle/backend';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalBottle, localBottle, textOf } from './support/local-bottle.ts';
import { waitUntil } from './support/wait-until.ts';

let local: LocalBottle;
beforeAll(async () => {
  local = await localBottle({ sidecars: ['egress'] });
});
afterAll(() => local.dispose());

test('the self-check of a fresh bottle passes', async () => {
  await expect(local.host.selfCheck(local.bottle)).resolves.toBeUndefined();
});

test('the operator-side program and Node are on PATH', async () => {
  const run = (...argv: string[]) => execInBottle(local.bottle, argv);
  expect((await run('sh', '-c', 'command -v node')).stdout).toBe('/opt/bot-bottle/bin/node\n');
  expect((await run('node', '--version')).stdout.trim()).toBe(process.version);
});

test('a terminal of one process cannot be typed into by another', async () => {
  const script = 'echo up; read line; echo "got $line"';
  const victim = await local.bottle.spawn(['sh', '-c', script], { tty: { cols: 91, rows: 33 } });
  let text = '';
  victim.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await waitUntil(() => text.includes('up'));
  const attack = await local.bottle.spawn([
    'perl',
    '-e',
    'open(T, "+<", "/dev/pts/0") or die; my $c = "x"; print((ioctl(T, 0x5412, $c) ? "typed" : $!+0), "\\n")',
  ]);
  expect(await textOf(attack.stdout)).toBe('1\n');
  victim.kill('SIGKILL');
  await victim.exited;
});
