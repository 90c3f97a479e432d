import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GitRepoManifest } from '@bot-bottle/manifest';
import { createUpstream, sshd, type Upstream } from '../../../sidecars/git-gate/test/support/sshd.ts';
import { checkRepositories } from '../src/doctor/check-repositories.ts';
import { probeUpstream } from '../src/doctor/probe-upstream.ts';
import { tempHome } from './temp-home.ts';

const folder = mkdtempSync('/tmp/bot-bottle-doctor-');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const otherKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDdwVkXUzSxV3QgDq1wlDqJ0n9nFTo1ZS1sHSgVwvEpS';

function makeKey(name: string, ...args: string[]): string {
  const path = `${folder}/${name}`;
  spawnSync('ssh-keygen', ['-q', '-N', '', '-C', 'test', '-f', path, ...args]);
  return path;
}

describe.skipIf(sshd === null)('doctor and a real SSH server', () => {
  let upstream: Upstream;
  let keyFile: string;
  beforeAll(async () => {
    upstream = await createUpstream({ rsa: true });
    keyFile = `${folder}/accepted`;
    writeFileSync(keyFile, upstream.clientKey, { mode: 0o600 });
  });
  afterAll(async () => await upstream.stop());

  const repo = (changes: Partial<GitRepoManifest>): GitRepoManifest => ({
    name: 'app',
    url: upstream.repoUrl('app'),
    user: upstream.user,
    host: upstream.host,
    port: upstream.port,
    path: upstream.repoPath('app'),
    key: { kind: 'identity', path: keyFile },
    hostKey: upstream.hostKey,
    push: {
      branches: ['**'],
      protectDefault: true,
      force: false,
      delete: false,
      tags: false,
      approve: 'on_finding',
      maxBytes: 1024,
      protectedPaths: null,
    },
    ...changes,
  });
  const check = async (changes: Partial<GitRepoManifest>, env: Readonly<Record<string, string>> = {}) => {
    const { checks, hostKeys } = await checkRepositories([repo(changes)], { env });
    return { ...checks[0], hostKey: hostKeys[0] };
  };

  it('is content with host, host key and key, and runs nothing there', async () => {
    expect(await check({})).toMatchObject({
      status: 'ok',
      detail: expect.stringContaining('host key as declared, key accepted') as string,
      hostKey: { host_key: upstream.hostKey, verified: true },
    });
    expect(await upstream.commands()).toEqual([]);
  });

  it('compares the key of the declared type when the server has several', async () => {
    const rsa = readFileSync(`${upstream.folder}/host_rsa.pub`, 'utf8');
    expect(await check({ hostKey: rsa.trim() })).toMatchObject({ status: 'ok' });
  });

  it('tells of another host key, and shows the private key to nobody then', async () => {
    const before = upstream.log().length;
    expect(await check({ hostKey: otherKey })).toMatchObject({
      status: 'missing',
      detail: expect.stringContaining('SHOWS ANOTHER HOST KEY') as string,
      hostKey: { host_key: upstream.hostKey, verified: false },
    });
    expect(upstream.log().slice(before).join('\n')).not.toMatch(/userauth|publickey/);
  });

  it('without a declared host key prints it as unverified, and shows the private key to nobody', async () => {
    const before = upstream.log().length;
    expect(await check({ hostKey: null })).toMatchObject({
      status: 'missing',
      detail: expect.stringContaining('no host_key is declared') as string,
      remedy: expect.stringContaining('--host-keys') as string,
      hostKey: { host_key: upstream.hostKey, verified: false },
    });
    expect(upstream.log().slice(before).join('\n')).not.toMatch(/userauth|publickey/);
  });

  it('tells of a key that the server does not let in', async () => {
    expect(
      await check({ key: { kind: 'identity', path: makeKey('stranger', '-t', 'ed25519') } }),
    ).toMatchObject({
      status: 'missing',
      detail: expect.stringContaining('refuses the key') as string,
    });
  });

  it('tells of a key file that the launch would refuse', async () => {
    const path = makeKey('locked', '-t', 'ed25519');
    spawnSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'phrase', '-f', path]);
    expect(await check({ key: { kind: 'identity', path } })).toMatchObject({
      status: 'missing',
      detail: expect.stringContaining('protected by a passphrase') as string,
      hostKey: { verified: true },
    });
  });

  it('checks the host of a key that is made at launch, and its forge token', async () => {
    const key = {
      kind: 'provisioned' as const,
      provider: 'gitea' as const,
      tokenRef: 'FORGE_TOKEN',
      apiUrl: null,
      readOnly: false,
    };
    expect(await check({ key }, { FORGE_TOKEN: 'x' })).toMatchObject({
      status: 'ok',
      detail: expect.stringContaining('its key is made at launch') as string,
    });
    expect(await check({ key })).toMatchObject({
      status: 'missing',
      detail: 'the forge token FORGE_TOKEN is not set',
    });
  });
});

describe('doctor and what is no SSH server', () => {
  const servers: Server[] = [];
  afterAll(() => {
    for (const server of servers) server.close();
  });
  const serve = async (greet: string | null): Promise<number> => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.unref();
      if (greet !== null) socket.write(greet);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  };
  const probe = async (port: number, timeoutMs?: number) =>
    await probeUpstream({ user: 'git', host: '127.0.0.1', port, hostKey: otherKey }, null, timeoutMs);

  it('says that nothing listens', async () => {
    const port = await serve(null);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    expect(await probe(port)).toMatchObject({
      outcome: 'unreachable',
      offered: null,
      why: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  it('gives up on a server that says nothing', async () => {
    expect(await probe(await serve(null), 50)).toMatchObject({ outcome: 'unreachable' });
  });

  it('gives up on a server that speaks something else', async () => {
    expect(await probe(await serve('HTTP/1.1 400 Bad Request\r\n\r\n'), 500)).toMatchObject({
      outcome: 'unreachable',
    });
  });
});

describe('the command doctor', () => {
  it.each([
    [['--host-keys'], 2, '--host-keys needs the name of an agent or a bottle'],
    [['nobody'], 1, 'nobody'],
  ])('%j ends with %i', async (args, code, message) => {
    const outcome = await tempHome().cli(['doctor', ...args]);
    expect(outcome.code).toBe(code);
    expect(outcome.err).toContain(message);
  });

  it.each(['worker', 'plain'])('takes the name of an agent or a bottle: %s', async (name) => {
    const { out } = await tempHome().cli(['doctor', name, '--json']);
    expect(JSON.parse(out)).toMatchObject({ host_keys: [] });
  });

  it('prints host keys as the manifest wants them, marked as unverified', async ({ skip }) => {
    if (sshd === null) return skip('sshd is not installed');
    const upstream = await createUpstream();
    try {
      const world = tempHome();
      const key = world.write('key', upstream.clientKey);
      const repo = `{ url: '${upstream.repoUrl('app')}', identity: '${key}' }`;
      world.write('home/bottles/gated.md', `---\ngit-gate: { repos: { app: ${repo} } }\n---\n`);
      const { code, out } = await world.cli(['doctor', 'gated', '--host-keys']);
      expect(code).toBe(1);
      expect(out).toContain(`      # UNVERIFIED, shown by 127.0.0.1:${upstream.port} just now`);
      expect(out).toContain(`      host_key: ${upstream.hostKey}`);
    } finally {
      await upstream.stop();
    }
  });
});
