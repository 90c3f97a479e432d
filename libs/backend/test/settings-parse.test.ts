import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BackendError, loadSettings, parseSettings } from '../src/index.ts';
import { tempDir } from './temp-dir.ts';

const file = '/home/me/.bot-bottle/settings.yml';
const problemOf = async (text: string): Promise<string> => {
  try {
    await parseSettings(text, file);
  } catch (error) {
    if (BackendError.isInstance(error) && error.code === 'settings_invalid') return error.message;
    throw error;
  }
  return '';
};

describe('parseSettings', () => {
  it('gives defaults for an empty text', async () => {
    expect(await parseSettings('', file)).toEqual({
      backend: null,
      upstreamProxy: null,
      noProxy: [],
      extraCaFile: null,
      hosts: {},
      docker: { egressNetwork: null, runtime: null, host: null, baseImage: null },
      bubblewrap: { programs: [] },
      gitGate: { scanner: 'auto', gitleaks: null },
      notify: { command: null, webhook: null },
      editor: null,
    });
  });

  it('reads every key', async () => {
    const text = `
backend: bubblewrap
upstream_proxy: {url: http://proxy.corp:3128, auth_env: PROXY_AUTH}
no_proxy: [.corp]
extra_ca_file: ~/corp.pem
hosts: {api.test: 10.0.0.7, six.test: "::1"}
docker: {egress_network: dev, runtime: runsc, host: unix:///x, base_image: node:24}
bubblewrap: {programs: [tools, /opt/tools]}
git_gate: {scanner: gitleaks, gitleaks: tools/gitleaks}
notify: {command: [notify-send, hi], webhook: "https://hooks.test/x"}
editor: vim
`;
    expect(await parseSettings(text, file)).toMatchObject({
      backend: 'bubblewrap',
      upstreamProxy: { url: 'http://proxy.corp:3128', authEnv: 'PROXY_AUTH' },
      extraCaFile: join(homedir(), 'corp.pem'),
      hosts: { 'api.test': '10.0.0.7', 'six.test': '::1' },
      bubblewrap: { programs: ['/home/me/.bot-bottle/tools', '/opt/tools'] },
    });
  });

  it.each([
    ['backend: podman', `${file}:1:10: backend: `],
    ['editor: vim\nbakend: docker', `${file}:1:1: unknown key bakend (known: backend,`],
    ['hosts:\n  api.test: not-an-ip', `${file}:2:13: hosts.api.test: must be an IP address`],
    ['hosts:\n  API.test: 10.0.0.1', 'hosts'],
    ['hosts:\n  "*.test": 10.0.0.1', 'hosts'],
    ['upstream_proxy: http://user:pw@proxy:3128', 'must not hold credentials'],
    ['upstream_proxy: socks5://proxy', 'upstream_proxy'],
    ['docker: {x: 1}', 'unknown key docker.x'],
    ['editor: a\neditor: b', `${file}:2:1: `],
    ['a: [', file],
    ['- a list', 'the settings'],
    ['x: !!js/function "evil"', file],
  ])('refuses %j', async (text, expected) => {
    expect(await problemOf(text)).toContain(expected);
  });

  it('tells every problem at once, and never a proxy password', async () => {
    const problem = await problemOf('backend: podman\nupstream_proxy: http://user:hunter22@proxy\nextra: 1');
    expect(problem.split('\n').length).toBeGreaterThanOrEqual(3);
    expect(problem).not.toContain('hunter22');
  });

  it('throws only its own error on any text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', maxLength: 100 }),
        async (text) => void (await problemOf(text)),
      ),
    );
  });

  it('refuses what is nested so deeply that the parser cannot follow', async () => {
    expect(await problemOf(`hosts:\n  ${'? '.repeat(5000)}\neditor: vi\n`)).toContain('nested too deeply');
  });

  it('survives an alias bomb', async () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
    for (let index = 0; index < 12; index += 1) {
      const [from, to] = [String.fromCharCode(97 + index), String.fromCharCode(98 + index)];
      bomb.push(`${to}: &${to} [${Array.from({ length: 9 }, () => `*${from}`).join(',')}]`);
    }
    expect(await problemOf(bomb.join('\n'))).not.toBe('');
  });
});

describe('loadSettings', () => {
  it('takes a missing file for defaults and a broken one for an error', async () => {
    const home = await tempDir();
    expect((await loadSettings(home)).backend).toBeNull();
    await writeFile(join(home, 'settings.yml'), 'backend: podman');
    await expect(loadSettings(home)).rejects.toMatchObject({ code: 'settings_invalid', exitCode: 1 });
  });
});
