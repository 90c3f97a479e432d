import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testEngine } from './support/engine.ts';
import { localBottle, type LocalBottle } from './support/local-bottle.ts';
import { OwnEngine } from './support/own-engine.ts';
import { waitUntil } from './support/wait-until.ts';

const engine = await testEngine();
const missing = engine === null ? 'there is no engine' : OwnEngine.missing();
if (missing !== null) process.stderr.write(`skipped: tests of a host that answers: ${missing}\n`);

const metadata = '169.254.169.254';

/** Counts connections to it on one port. */
const service = `require('node:net').createServer((s) => { process.stdout.write('c'); s.on('error', () => {}).end('HTTP/1.0 200 OK\\r\\n\\r\\ncredentials'); })
  .listen(80, '0.0.0.0', () => process.stdout.write('up'));`;

const attempt = (targets: ReadonlyArray<readonly [string, number]>): string => `
import { connect } from 'node:net';
const reach = ([host, port]) => new Promise((resolve) => {
  const s = connect({ host, port });
  const settle = (answer) => { s.destroy(); resolve(answer ? [host + ' ' + port] : []); };
  s.setTimeout(2000, () => settle(false));
  s.once('connect', () => settle(true)).once('error', () => settle(false));
});
console.log(JSON.stringify((await Promise.all(${JSON.stringify(targets)}.map(reach))).flat()));
process.exit();`;

/** A host on whose every address an engine's API, a service and the metadata address answer, in a network of its own. */
describe.skipIf(missing !== null)('a host that answers on everything it has', () => {
  let own: OwnEngine;
  let local: LocalBottle;
  let listener: ChildProcess;
  let counted = '';
  const run = async (...command: string[]): Promise<string> => {
    const child = own.inNetwork(...command);
    return child.stdout === null ? '' : await text(child.stdout);
  };
  beforeAll(async () => {
    if (engine === null) return;
    own = await OwnEngine.start(engine, { tcp: true });
    await run('ip', 'link', 'set', 'lo', 'up');
    await run('ip', 'addr', 'add', `${metadata}/32`, 'dev', 'lo');
    local = await localBottle(own, { sidecars: ['egress'] }, { host: own.host, env: {} });
    listener = own.inNetwork(process.execPath, '-e', service);
    listener.stdout?.on('data', (chunk: Buffer) => (counted += chunk.toString()));
    await waitUntil(() => counted === 'up', 20_000);
  }, 240_000);
  afterAll(async () => {
    const gone = once(listener, 'exit');
    listener.kill('SIGKILL');
    await gone;
    expect(await local.dispose()).toEqual([]);
    await own.remove();
  }, 60_000);

  test('is reached by what is on the host: the witness sees it, and so does the engine', async () => {
    const targets = [
      [metadata, 80],
      [metadata, 2375],
      ['127.0.0.1', 2375],
    ] as const;
    const seen = await run(process.execPath, '--input-type=module', '-e', attempt(targets));
    expect(JSON.parse(seen)).toEqual(targets.map((each) => each.join(' ')));
    await expect.poll(() => counted).toBe('upc');
  });

  test('is not reached by the agent: no address of it, no engine, no metadata', async () => {
    const listed = await run('ip', '-o', 'addr', 'show');
    const addresses = [...listed.matchAll(/inet6? ([0-9a-f.:]+)/g)].map(([, address = '']) => address);
    expect(addresses).toContain(metadata);
    const [internal = ''] = (await local.run('hostname', '-i')).stdout.trim().split(' ');
    const gateways = [0, 1, 14].map((offset) =>
      internal.replace(/\d+$/, (last) => String((Number(last) & 0xf0) + offset)),
    );
    const hosts = [...addresses, ...gateways, '172.17.0.1', 'host.docker.internal'];
    const targets = hosts.flatMap((host) => [80, 2375].map((port) => [host, port] as const));
    expect(JSON.parse(await local.node(attempt(targets)))).toEqual([]);
    expect(counted).toBe('upc');
    await expect(local.host.selfCheck(local.bottle)).resolves.toBeUndefined();
  }, 60_000);
});
