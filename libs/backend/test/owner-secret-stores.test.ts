import fc from 'fast-check';
import { expect, it } from 'vitest';
import { gitGateConfigSchema } from '@bot-bottle/git-gate';
import { SecretStore, type BottlePlan, type GitGatePlan, type ResolvedSecrets } from '../src/index.ts';
import { egressSetup } from '../src/owner/egress-config.ts';
import { AllowedValues } from '../src/owner/dlp-applier.ts';
import { LiveRoutes } from '../src/owner/live-routes.ts';
import { gitGatePrograms, gitGateSetup } from '../src/owner/git-gate-config.ts';
import { samplePlan } from './sample-plan.ts';
import { tempDir } from './temp-dir.ts';

const canary = { name: 'CANARY_KEY', value: 'canary-value' };
const gitGate: GitGatePlan = {
  repos: [
    {
      name: 'app',
      url: 'ssh://git@git.example.com/org/app.git',
      user: 'git',
      host: 'git.example.com',
      port: 22,
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
        max_bytes: 1024,
        protected_paths: null,
      },
    },
  ],
  keyRefs: { GIT_GATE_KEY_0: { kind: 'file', path: '/key' } },
  provisioned: [],
  scanner: 'auto',
  scannerUsed: { name: 'gitleaks', reason: 'found' },
  programs: { git: '/usr/bin/git', ssh: '/usr/bin/ssh', gitleaks: '/home/me/bin/gitleaks' },
};

const planOf = async (): Promise<BottlePlan> => ({ ...(await samplePlan(await tempDir())), gitGate });

const secretsOf = (route: string, key: string, forge: string, env: string): ResolvedSecrets => ({
  slots: new SecretStore([['EGRESS_TOKEN_0', route]]),
  env: new SecretStore([['NPM_TOKEN', env]]),
  gateKeys: new SecretStore([['GIT_GATE_KEY_0', key]]),
  forgeTokens: new SecretStore([['FORGE_TOKEN', forge]]),
});

const gateFacts = (made = ''): Parameters<typeof gitGateSetup>[2] => ({
  listen: 'unix:/run/bot-bottle/git-gate.sock',
  canary,
  provisionedKeys: new SecretStore(made === '' ? [] : [['GIT_GATE_KEY_1', made]]),
});

it('sends each sidecar its own secrets and never those of the other or of the launcher', async () => {
  const plan = await planOf();
  const value = fc.uuid();
  fc.assert(
    fc.property(value, value, value, value, value, (route, key, forge, env, made) => {
      const secrets = secretsOf(`r${route}`, `k${key}`, `f${forge}`, `e${env}`);
      const authority = { cert: 'cert', key: 'ca-key' };
      const egress = egressSetup(plan, secrets, {
        listen: 'x',
        authority,
        canary,
        extraCa: null,
        routes: new LiveRoutes(plan.routes),
        guard: null,
        allowed: new AllowedValues(),
      });
      const gate = gitGateSetup(plan, secrets, gateFacts(`m${made}`));
      expect(gate?.secrets).toEqual({
        GIT_GATE_KEY_0: `k${key}`,
        GIT_GATE_KEY_1: `m${made}`,
        GIT_GATE_SECRET_0: `e${env}`,
        GIT_GATE_CANARY: 'canary-value',
      });
      expect(egress.secrets).toEqual({
        EGRESS_TOKEN_0: `r${route}`,
        EGRESS_SECRET_0: `e${env}`,
        EGRESS_CA_KEY: 'ca-key',
        EGRESS_CANARY: 'canary-value',
      });
      const configs = JSON.stringify([egress.config, gate?.config]);
      for (const secret of [route, key, forge, env, made]) expect(configs).not.toContain(secret);
    }),
    { numRuns: 20 },
  );
});

it('tells the gate where it finds its programs and folders inside, in the form that it accepts', async () => {
  const gate = gitGateSetup(await planOf(), secretsOf('r', 'k', 'f', 'e'), gateFacts());
  expect(gitGateConfigSchema.parse(gate?.config)).toMatchObject({
    listen: 'unix:/run/bot-bottle/git-gate.sock',
    root: '/var/lib/bot-bottle',
    key_dir: '/home/node/keys',
    programs: {
      git: '/opt/bot-bottle/bin/git',
      ssh: '/opt/bot-bottle/bin/ssh',
      gitleaks: '/opt/bot-bottle/bin/gitleaks',
    },
    supervise: true,
    repos: gitGate.repos,
    env_secrets: { GIT_GATE_SECRET_0: 'NPM_TOKEN' },
  });
});

it('gives the gate git, ssh, a shell and the scanner to run, and a bottle without repositories nothing', async () => {
  const plan = await planOf();
  expect(gitGatePrograms(plan)).toEqual(['/usr/bin/git', '/usr/bin/ssh', '/bin/sh', '/home/me/bin/gitleaks']);
  expect(gitGatePrograms({ gitGate: null })).toEqual([]);
  expect(gitGateSetup({ ...plan, gitGate: null }, secretsOf('r', 'k', 'f', 'e'), gateFacts())).toBeNull();
});
