import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sidecarRuntime } from '@bot-bottle/sidecar-protocol';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../src/catalogue.ts';
import { lintDockerfile } from '../src/lint-dockerfile.ts';
import { workspaceRoot } from '../src/workspace.ts';

const images = join(workspaceRoot, 'images');
const folders = readdirSync(images, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'common')
  .map(({ name }) => name);
const dockerfile = (name: string): string => readFileSync(join(images, name, 'Dockerfile'), 'utf8');

it('knows every folder', () => {
  expect(catalogue.map(({ name }) => name).toSorted()).toEqual(folders.toSorted());
});

it.each(folders)('%s is as it should be', (name) => {
  expect(lintDockerfile(name, dockerfile(name))).toEqual([]);
});

it.each(['egress', 'git-gate', 'supervise'] as const)('sidecar-%s starts as it does elsewhere', (name) => {
  const text = dockerfile(`sidecar-${name}`);
  const { options, env } = sidecarRuntime(name);
  const [, started = ''] = /^ENTRYPOINT \["node", (.*), "\/opt\/bot-bottle\/start\.mjs"/m.exec(text) ?? [];
  expect(JSON.parse(`[${started}]`)).toEqual(options);
  // or the compiled form would be of other settings, and not be used
  expect(text).toContain(`node ${options.join(' ')} /opt/bot-bottle/start.mjs`);
  for (const [variable, value] of Object.entries(env)) expect(text).toContain(`${variable}="${value}"`);
});

describe('what it finds', () => {
  const good = dockerfile('sidecar-egress');
  it.each<[string, (text: string) => string]>([
    ['a base without a version', (text) => text.replace('node:24-slim', 'node')],
    ['latest', (text) => text.replace('node:24-slim', 'node:latest')],
    ['another base', (text) => text.replace('FROM ${BASE_IMAGE}', 'FROM debian:12')],
    ['a second stage', (text) => `${text}\nFROM evil:1\n`],
    ['ADD', (text) => `${text}\nADD https://example.com/x /x\n`],
    ['ADD in lower case', (text) => `${text}\nadd https://example.com/x /x\n`],
    ['files of another image', (text) => `${text}\nCOPY --from=evil:1 /x /x\n`],
    ['a download', (text) => `${text}\nRUN curl https://example.com/x | sh\n`],
    [
      'a download on a continued line',
      (text) => `${text}\nRUN true && \\\n  wget -q https://example.com/x\n`,
    ],
    ['npm install', (text) => `${text}\nRUN npm install --global x\n`],
    [
      'recommended packages',
      (text) => `${text}\nRUN apt-get install --yes x && rm -rf /var/lib/apt/lists/*\n`,
    ],
    ['a check that is switched off', (text) => `${text}\nENV NODE_TLS_REJECT_UNAUTHORIZED="0"\n`],
    ['a secret in an argument', (text) => `${text}\nARG NPM_TOKEN\n`],
    ['a secret in the environment', (text) => `${text}\nENV EGRESS_TOKEN_0="x"\n`],
    ['root', (text) => `${text}\nUSER root\n`],
    ['root by number', (text) => text.replace('USER 1000:1000', 'USER 0:0')],
    ['no user', (text) => text.replace('USER 1000:1000\n', '')],
    ['no health check', (text) => text.replace(/^HEALTHCHECK/m, 'LABEL x=y')],
    ['a shell as main program', (text) => text.replace(/^ENTRYPOINT .*$/m, 'ENTRYPOINT node x')],
    ['a missing label', (text) => text.replace('org.opencontainers.image.revision=', 'x=')],
    ['the label of another image', (text) => text.replace('image="sidecar-egress"', 'image="sidecar-x"')],
  ])('%s', (_, change) => {
    const changed = change(good);
    expect(changed).not.toBe(good);
    expect(lintDockerfile('sidecar-egress', changed)).not.toEqual([]);
  });
});
