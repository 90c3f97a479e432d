import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { catalogue } from '../src/catalogue.ts';
import { workspaceRoot } from '../src/workspace.ts';

const text = readFileSync(join(workspaceRoot, '.github/workflows/release-images.yml'), 'utf8');
const stepSchema = z.object({
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).optional(),
});
const jobSchema = z.object({
  'runs-on': z.string(),
  'timeout-minutes': z.number().max(60),
  permissions: z.record(z.string(), z.enum(['read', 'write'])),
  needs: z.union([z.string(), z.array(z.string())]).optional(),
  strategy: z.object({ matrix: z.record(z.string(), z.array(z.unknown())) }).optional(),
  steps: z.array(stepSchema).min(1),
});
const { permissions, jobs } = z
  .object({ permissions: z.record(z.string(), z.string()), jobs: z.record(z.string(), jobSchema) })
  .parse(parse(text));
const steps = Object.values(jobs).flatMap((job) => job.steps);

it('pins every action to a commit, and says which version that is', () => {
  const lines = text.split('\n').filter((line) => /^\s*(?:- )?uses:/.test(line));
  expect(lines.length).toBe(steps.filter(({ uses }) => uses !== undefined).length);
  for (const line of lines) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

it('gives each job what it needs and no more', () => {
  expect(permissions).toEqual({});
  expect(Object.fromEntries(Object.entries(jobs).map(([name, job]) => [name, job.permissions]))).toEqual({
    base: { contents: 'read' },
    test: { contents: 'read' },
    build: { contents: 'read', packages: 'write' },
    publish: { packages: 'write', 'id-token': 'write', attestations: 'write' },
  });
});

it('puts nothing of an event into a script, and keeps no credential in a checkout', () => {
  for (const { run, uses, with: given } of steps) {
    expect(run ?? '').not.toContain('${{');
    if (uses?.startsWith('actions/checkout@') === true)
      expect(given).toEqual({ 'persist-credentials': false });
  }
  expect(text.match(/secrets\.\w+/g)).toEqual(['secrets.GITHUB_TOKEN', 'secrets.GITHUB_TOKEN']);
});

it('publishes every image that may be published, with SBOM and provenance, after the tests', () => {
  const published = catalogue.map(({ name }) => name).filter((name) => name !== 'agent-claude');
  expect(jobs['build']?.strategy?.matrix['image']).toEqual(published);
  expect(jobs['publish']?.strategy?.matrix['image']).toEqual(published);
  expect(jobs['build']?.needs).toContain('test');
  const push = steps.find(({ uses }) => uses?.startsWith('docker/build-push-action@') === true);
  expect(push?.with).toMatchObject({ sbom: true, provenance: 'mode=max' });
  expect(text).toContain('platform: linux/amd64');
  expect(text).toContain('platform: linux/arm64');
});
