import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeFile } from 'node:fs/promises';
import { pathLookup, preflightJson, renderPreflight } from '../src/index.ts';
import { sampleAgent, sampleRoute } from './sample-agent.ts';
import { samplePlan } from './sample-plan.ts';
import { tempDir } from './temp-dir.ts';

const base = sampleAgent().bottle;

describe('the preflight', () => {
  it('shows what a launch will do, with names and never values', async () => {
    const folder = await tempDir();
    await writeFile(join(folder, 'claude'), '', { mode: 0o755 });
    const agent = sampleAgent({
      source: 'repository',
      replaces: '/home/me/.bot-bottle/agents/implementer.md',
      bottle: {
        agentProvider: { ...base.agentProvider, template: 'claude', command: null, authToken: 'TOKEN' },
        env: { PLAIN: { kind: 'literal', value: 'plain-value' }, KEY: { kind: 'host', name: 'HOST_KEY' } },
        gitGate: {
          user: { name: { value: 'Ann', origin: 'agent' }, email: { value: 'a@b.c', origin: 'bottle' } },
          repos: {},
        },
        egress: {
          ...base.egress,
          routes: [
            sampleRoute({ host: 'api.example.com', methods: ['GET'], pathAllowlist: ['/v1/'] }),
            sampleRoute({ host: 'api.anthropic.com' }),
          ],
        },
        resources: { memory: 1024, cpus: null, pids: 64, disk: null },
      },
    });
    const plan = await samplePlan(
      folder,
      agent,
      { label: 'try' },
      { env: { TOKEN: 'sk-real-token', HOST_KEY: 'key-value' }, pathLookup: pathLookup(folder) },
    );
    const text = renderPreflight(plan, { enforcedLimits: ['memory'] });
    for (const expected of [
      'implementer FROM THE REPOSITORY',
      'replaces /home/me/.bot-bottle/agents/implementer.md',
      'claude (built-in)',
      'bubblewrap (the first that works)',
      `${plan.identity} (try)`,
      'KEY [secret that enters the bottle]',
      'PLAIN',
      'name Ann (agent)',
      'email a@b.c (bottle)',
      'api.anthropic.com [auth:Bearer] [dlp:redact] /v1/ /api/claude_code/',
      'api.example.com [dlp:block] [GET] /v1/',
      'api.anthropic.com (the provider owns this host)',
      'not enforced  pids',
      join(folder, 'claude'),
    ]) {
      expect(text).toContain(expected);
    }
    expect(text.startsWith('\n')).toBe(true);
    expect(text.endsWith('\n\n')).toBe(true);
    const json = JSON.stringify(preflightJson(plan));
    for (const secret of ['sk-real-token', 'key-value', 'plain-value', 'egress-placeholder']) {
      expect(text).not.toContain(secret);
      expect(json).not.toContain(secret);
    }
    expect(text).not.toContain('CLAUDE_CODE_OAUTH_TOKEN');
    expect(json).not.toContain('CLAUDE_CODE_OAUTH_TOKEN');
  });

  it('leaves out blocks with nothing in them, and says when nothing can be reached', async () => {
    const text = renderPreflight(await samplePlan(await tempDir(), sampleAgent({ prompt: '' })));
    for (const absent of [
      'skills',
      'git identity',
      'git gate',
      'workspace',
      'left out',
      'dropped',
      'limits',
      'warning',
      'guard',
    ]) {
      expect(text).not.toContain(absent);
    }
    expect(text).toContain('nothing: no host can be reached');
  });

  it('lets no hostile name of an agent, skill or path reach the terminal as it is', async () => {
    const plan = await samplePlan(await tempDir());
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (hostile) => {
        const name = `x\u001b[2J\u202e\u200b${hostile}\nbackend       docker`;
        const changed = {
          ...plan,
          agent: { ...plan.agent, name, file: name, bottle: { ...plan.agent.bottle, name } },
          label: name,
          warnings: [name],
          skills: [{ name, source: name, files: [] }],
          workspace: {
            source: name,
            target: name,
            include: [name],
            flagged: [{ path: name, rules: [name] }],
          },
        };
        const text = renderPreflight(changed);
        expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
        expect(text.split('\n').filter((line) => line.startsWith('  backend'))).toHaveLength(1);
      }),
    );
  });
});
