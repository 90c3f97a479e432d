import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import type { SidecarProcess } from '@bot-bottle/backend';
import { execInBottle } from '@bot-bottle/backend';
import { encodingsOf } from '@bot-bottle/dlp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testEngine } from './support/engine.ts';
import { localBottle, type LocalBottle } from './support/local-bottle.ts';

const engine = await testEngine();

/** Takes its configuration from its input, keeps it, and says what it got. */
const program = `
import { createInterface } from 'node:readline';
const kept = [];
console.log('up');
for await (const line of createInterface({ input: process.stdin })) { kept.push(line); console.log(String(line.length)); process.stderr.write('configured\\n'); }
process.exit(0);`;

describe.skipIf(engine === null)('what the engine knows of a bottle', () => {
  const sidecarSecret = `sk-${randomBytes(24).toString('hex')}`;
  const agentSecret = `ghp_${randomBytes(24).toString('base64url')}`;
  const secrets = [sidecarSecret, agentSecret];
  const needles = secrets.flatMap((secret) => encodingsOf(secret));
  const leaks = (bytes: Buffer | string): string[] =>
    needles.filter((needle) => Buffer.from(bytes).includes(needle));
  let local: LocalBottle;
  let sidecar: SidecarProcess;
  const folder = mkdtempSync(join(tmpdir(), 'bb-secrets-'));

  beforeAll(async () => {
    if (engine === null) return;
    local = await localBottle(engine, { sidecars: ['egress'] });
    const file = join(folder, 'main.js');
    writeFileSync(file, program);
    sidecar = await local.host.startSidecar({
      name: 'egress',
      program: file,
      network: true,
      programs: [],
      scratch: false,
    });
    sidecar.stderr.resume();
    const lines = createInterface({ input: sidecar.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('up');
    sidecar.stdin.write(`${JSON.stringify({ secrets: { EGRESS_TOKEN_0: sidecarSecret } })}\n`);
    expect(Number((await lines.next()).value)).toBeGreaterThan(sidecarSecret.length);
    const given = await execInBottle(
      local.bottle,
      ['sh', '-c', 'printf %s "$TOKEN" | wc -c; sleep 600 >/dev/null 2>&1 &'],
      {
        env: { TOKEN: agentSecret },
      },
    );
    expect(given.stdout.trim()).toBe(String(agentSecret.length));
  }, 300_000);
  afterAll(async () => {
    await local.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const containers = async () => {
    if (engine === null) return [];
    const filters = { label: [`bot-bottle.slug=${local.identity}`] };
    const found = await engine.docker.listContainers({ all: true, filters });
    expect(found).toHaveLength(2);
    return found.map(({ Id }) => engine.docker.getContainer(Id));
  };

  test('a search finds what is there: the needles are no empty promise', () => {
    expect(leaks(`x${Buffer.from(sidecarSecret).toString('base64')}y`)).not.toEqual([]);
    expect(leaks(agentSecret)).not.toEqual([]);
  });

  test('no container shows a secret when it is inspected', async () => {
    for (const container of await containers()) {
      const facts = await container.inspect();
      expect(leaks(JSON.stringify(facts))).toEqual([]);
      expect(facts.HostConfig.Binds ?? []).toEqual([]);
      expect(facts.HostConfig.PortBindings ?? {}).toEqual({});
      expect(facts.Mounts.filter(({ Type }) => Type !== 'volume' && Type !== 'tmpfs')).toEqual([]);
      for (const exec of facts.ExecIDs ?? [])
        expect(leaks(JSON.stringify(await engine?.docker.getExec(exec).inspect()))).toEqual([]);
    }
  });

  test('no list, label, network, volume or event shows one', async () => {
    if (engine === null) return;
    const { docker } = engine;
    const all = await Promise.all([
      docker.listContainers({ all: true }),
      docker.listNetworks(),
      docker.listVolumes(),
      docker.listImages(),
      docker.getNetwork(`bot-bottle-${local.identity}-internal`).inspect(),
    ]);
    expect(leaks(JSON.stringify(all))).toEqual([]);
    const until = Math.ceil(Date.now() / 1000);
    const events = await docker.getEvents({ since: until - 120, until });
    const text = (await buffer(events)).toString();
    expect(text).toContain(local.identity);
    expect(leaks(text)).toEqual([]);
  });

  test('no image or layer of one holds one', async () => {
    if (engine === null) return;
    for (const container of await containers()) {
      const { Image } = await container.inspect();
      const image = engine.docker.getImage(Image);
      expect(leaks(JSON.stringify([await image.inspect(), await image.history()]))).toEqual([]);
    }
  });

  test('no log is kept', async () => {
    for (const container of await containers()) {
      const { HostConfig } = await container.inspect();
      expect(HostConfig.LogConfig).toMatchObject({ Type: 'none' });
      const logs = await container
        .logs({ stdout: true, stderr: true })
        .catch((error: unknown) => String(error));
      expect(leaks(logs)).toEqual([]);
    }
  });

  test('no process list shows one, and nothing was written into a container', async () => {
    for (const container of await containers()) {
      expect(leaks(JSON.stringify(await container.top({ ps_args: 'auxww' })))).toEqual([]);
      // What was given to the agent is in the environment of its processes, of which root of the engine's host is master.
      const environments = leaks(JSON.stringify(await container.top({ ps_args: 'auxewww' })));
      expect(environments.filter((form) => encodingsOf(sidecarSecret).includes(form))).toEqual([]);
      // Added files; what is only touched are the folders that something is mounted on.
      const changes = ((await container.changes()) ?? []) as ReadonlyArray<{ Path: string; Kind: number }>;
      const added = changes.filter(
        ({ Kind, Path }) => Kind === 1 && !/^\/(dev|etc|run|sbin|usr\/sbin)(\/|$)/.test(Path),
      );
      expect(added).toEqual([]);
    }
  });

  test('the agent does not find the secret of a sidecar anywhere that it can read', async () => {
    const { stdout } = await local.sh(
      `find / -xdev -type f -size -2M -readable -newer /etc/hostname 2>/dev/null | head -2000 | while read f; do cat "$f"; done; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null; env`,
    );
    expect(leaks(stdout).filter((form) => encodingsOf(sidecarSecret).includes(form))).toEqual([]);
  });
});
