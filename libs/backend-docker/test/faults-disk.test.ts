import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { copyIn, guestHome } from '@bot-bottle/backend';
import { createDockerBackend } from '@bot-bottle/backend-docker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engineContents, testEngine } from './support/engine.ts';
import { bottleSpec, localBottle } from './support/local-bottle.ts';
import { OwnEngine } from './support/own-engine.ts';

const engine = await testEngine();
const missing = engine === null ? 'there is no engine' : OwnEngine.missing();
if (missing !== null) process.stderr.write(`skipped: tests that fill the disk of an engine: ${missing}\n`);

/** Says how much it could write to its folder on disk, at every line of its input. */
const writer = `
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
console.log('up');
for await (const line of createInterface({ input: process.stdin })) {
  try { for (let i = 0; i < 64; i += 1) appendFileSync('/var/lib/bot-bottle/' + line, Buffer.alloc(1024 * 1024)); console.log('all'); }
  catch (error) { console.log(error.code); }
}
process.exit(0);`;

/** Homes and the folders of sidecars are volumes, so the disk that can be filled is the one that volumes are on. */
describe.skipIf(missing !== null)('a disk of the engine that is full', () => {
  let own: OwnEngine;
  beforeAll(async () => {
    if (engine !== null) own = await OwnEngine.start(engine, { volumes: 'size=24m,nr_inodes=300' });
  }, 180_000);
  afterAll(async () => {
    await own.remove();
  }, 60_000);
  const options = () => ({ host: own.host, env: {} });

  test('is told to the agent that fills it, and its bottle goes on', async () => {
    const local = await localBottle(own, {}, options());
    const filled = await local.sh('head -c 64M /dev/zero > ~/large');
    expect(filled).toMatchObject({ code: 1, stderr: expect.stringContaining('No space left on device') });
    expect((await local.run('echo', 'still here')).stdout).toBe('still here\n');
    await expect(local.host.selfCheck(local.bottle)).resolves.toBeUndefined();
    const entries = [{ kind: 'text', path: 'file', mode: 0o600, content: 'x'.repeat(100_000) }] as const;
    await expect(copyIn(local.bottle, entries, { root: guestHome })).rejects.toMatchObject({
      code: 'exec_failed',
      hint: expect.stringMatching(/No space left on device|Cannot write/),
    });
    expect(await local.dispose()).toEqual([]);
  }, 60_000);

  test('is told to the sidecar that fills it, which goes on', async () => {
    const local = await localBottle(own, { sidecars: ['git-gate'] }, options());
    const folder = mkdtempSync(join(tmpdir(), 'bb-disk-'));
    const program = join(folder, 'main.js');
    writeFileSync(program, writer);
    const spec = { name: 'git-gate', program, network: false, programs: [], scratch: true } as const;
    const sidecar = await local.host.startSidecar(spec);
    sidecar.stderr.resume();
    const lines = createInterface({ input: sidecar.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('up');
    for (const name of ['one', 'two']) {
      sidecar.stdin.write(`${name}\n`);
      expect((await lines.next()).value).toBe('ENOSPC');
    }
    expect(await local.dispose()).toEqual([]);
    rmSync(folder, { recursive: true });
  }, 240_000);

  test('refuses the next bottle with the reason, and leaves nothing of the attempt', async () => {
    const local = await localBottle(own, {}, options());
    // Files without content: what runs out is the number of files.
    await local.sh('i=0; while [ $i -lt 1000 ] && : > ~/file$i; do i=$((i+1)); done');
    const before = await engineContents(own.docker);
    const spec = bottleSpec();
    const opening = createDockerBackend({ ...options(), baseImage: own.baseImage }).open(spec);
    await expect(opening).rejects.toMatchObject({
      code: 'launch_failed',
      message: expect.stringContaining('no space left on device'),
    });
    expect(await engineContents(own.docker)).toEqual(before);
    rmSync(join(spec.stateDir, '..'), { recursive: true });
    expect(await local.dispose()).toEqual([]);
    const again = await localBottle(own, {}, options());
    expect(await again.dispose()).toEqual([]);
  }, 120_000);
});
