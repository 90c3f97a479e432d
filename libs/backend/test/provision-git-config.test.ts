import { expect, it } from 'vitest';
import type { GitGatePlan } from '../src/plan/bottle-plan.ts';
import { guestGitConfig } from '../src/provision/guest-git-config.ts';
import { sampleAgent } from './sample-agent.ts';

const user = { name: { value: 'Agent', origin: 'agent' as const }, email: null };
const nobody = { name: null, email: null };

const gate: GitGatePlan = {
  repos: [
    {
      name: 'app',
      url: 'ssh://git@git.test:2222/org/app.git',
      user: 'git',
      host: 'git.test',
      port: 2222,
      path: '/org/app.git',
      host_key: null,
      key_slot: 'GIT_GATE_KEY_0',
      push: {
        branches: ['**'],
        protect_default: true,
        force: false,
        delete: false,
        tags: false,
        approve: 'on_finding',
        max_bytes: 1,
        protected_paths: null,
      },
    },
  ],
  keyRefs: { GIT_GATE_KEY_0: { kind: 'file', path: '/home/operator/.ssh/id' } },
  provisioned: [],
  scanner: 'auto',
  scannerUsed: { name: 'builtin', reason: 'gitleaks is not installed' },
  programs: { git: '/usr/bin/git', ssh: '/usr/bin/ssh', gitleaks: null },
};

const agentOf = (who: typeof user | typeof nobody) =>
  sampleAgent({ bottle: { gitGate: { user: who, repos: {} } } });

it('the guest finds its repositories at the gate and knows who it is, and no more', () => {
  expect(guestGitConfig({ agent: agentOf(user), gitGate: gate })).toBe(
    [
      '[url "http://git-gate:9420/app.git"]',
      '\tinsteadOf = "ssh://git@git.test:2222/org/app.git"',
      '\tinsteadOf = "ssh://git@git.test:2222/org/app"',
      '[user]',
      '\tname = "Agent"',
      '',
    ].join('\n'),
  );
});

it('a bottle without repositories and identity has no git configuration', () => {
  expect(guestGitConfig({ agent: agentOf(nobody), gitGate: null })).toBeNull();
});
