import { gateRepos, keysUrl } from '@bot-bottle/git-gate';
import type { EffectiveAgent } from '@bot-bottle/manifest';
import type { SecretRef } from '@bot-bottle/providers';
import { BackendError } from '../errors.ts';
import { requireKeyFile } from '../secrets/read-key-file.ts';
import { missingHostEnv } from '../secrets/resolve-secrets.ts';
import type { BackendName } from '../contracts.ts';
import type { Settings } from '../settings/settings-schema.ts';
import type { GitGatePlan, ProvisionedKeyPlan } from './bottle-plan.ts';
import type { PathLookup } from './find-program.ts';

export interface GitGateDeps {
  readonly settings: Pick<Settings, 'gitGate' | 'upstreamProxy' | 'extraCaFile'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pathLookup: PathLookup;
}

/** Where to get what the gate runs, by the names that systems with apt give it. */
const packages = { git: 'git', ssh: 'openssh-client' } as const;

/**
 * What the git gate of a bottle needs; null when the bottle declares no repository. Keys are looked for, not read.
 *
 * @throws BackendError `program_not_found`, `secret_unavailable`, `host_env_missing`; DeployKeyError `invalid_target`
 */
export async function planGitGate(
  agent: EffectiveAgent,
  backend: BackendName,
  deps: GitGateDeps,
): Promise<{ readonly plan: GitGatePlan; readonly warnings: readonly string[] } | null> {
  const declared = agent.bottle.gitGate.repos;
  if (Object.keys(declared).length === 0) return null;
  const programs = backend === 'bubblewrap' ? await hostPrograms(deps) : imagePrograms(deps);
  const { repos, keySlots } = gateRepos(declared);
  const keyRefs: Record<string, SecretRef> = {};
  const provisioned: ProvisionedKeyPlan[] = [];
  for (const [slot, repo] of Object.entries(keySlots)) {
    const { key, name, host, path } = repo;
    if (key.kind === 'identity') {
      await requireKeyFile(key.path);
      keyRefs[slot] = { kind: 'file', path: key.path };
      continue;
    }
    if ((deps.env[key.tokenRef] ?? '') === '') throw missingHostEnv(key.tokenRef);
    // Said before anything is confirmed: a path that no repository of that forge has.
    keysUrl({ provider: key.provider, host, apiUrl: key.apiUrl, repoPath: path, tokenRef: key.tokenRef });
    provisioned.push({
      repo: name,
      slot,
      forge: key.provider,
      host,
      apiUrl: key.apiUrl,
      repoPath: path,
      tokenRef: { kind: 'host-env', name: key.tokenRef },
      readOnly: key.readOnly,
    });
  }
  const plan: GitGatePlan = {
    repos,
    keyRefs,
    provisioned,
    scanner: deps.settings.gitGate.scanner,
    scannerUsed: scannerUsed(deps.settings.gitGate.scanner, programs.gitleaks, backend),
    programs,
  };
  return { plan, warnings: [...hostKeyWarnings(agent, plan), ...forgeWarnings(plan, deps.settings)] };
}

function hostKeyWarnings(agent: EffectiveAgent, { repos }: GitGatePlan): string[] {
  return repos
    .filter(({ host_key: hostKey }) => hostKey === null)
    .map(
      ({ name, host }) =>
        `the git gate refuses ${name} until git-gate.repos.${name}.host_key is given: bot-bottle doctor ${agent.name} --host-keys prints that of ${host}`,
    );
}

/** Requests to a forge are the launcher's own; they do not pass through the egress sidecar. */
function forgeWarnings({ provisioned }: GitGatePlan, settings: GitGateDeps['settings']): string[] {
  const ignored = [
    ...(settings.upstreamProxy === null ? [] : ['upstream_proxy']),
    ...(settings.extraCaFile === null ? [] : ['extra_ca_file']),
  ];
  if (provisioned.length === 0 || ignored.length === 0) return [];
  return [`deploy keys are registered without ${ignored.join(' and ')} of settings.yml`];
}

async function hostPrograms(deps: GitGateDeps): Promise<GitGatePlan['programs']> {
  return {
    git: await required('git', deps.pathLookup),
    ssh: await required('ssh', deps.pathLookup),
    gitleaks: await findGitleaks(deps),
  };
}

/** Those of the gate's image. Only some builds of it have gitleaks, so it is used when somebody says so. */
function imagePrograms({ settings }: Pick<GitGateDeps, 'settings'>): GitGatePlan['programs'] {
  const gitleaks = settings.gitGate.scanner === 'gitleaks' ? '/opt/bot-bottle/gitleaks' : null;
  return { git: '/usr/bin/git', ssh: '/usr/bin/ssh', gitleaks };
}

async function required(program: keyof typeof packages, lookup: PathLookup): Promise<string> {
  const found = await lookup(program);
  if (found !== null) return found;
  const pack = packages[program];
  throw new BackendError(
    'program_not_found',
    `the git gate needs ${program}, which is not found on the PATH`,
    {
      hint: `install ${pack}, e.g. sudo apt-get install ${pack}`,
      data: { program },
    },
  );
}

/** Null when it is not installed and nobody asked for it. */
async function findGitleaks({ settings, pathLookup }: GitGateDeps): Promise<string | null> {
  const { scanner, gitleaks } = settings.gitGate;
  if (scanner === 'builtin') return null;
  const found = await pathLookup(gitleaks ?? 'gitleaks');
  if (found !== null || (gitleaks === null && scanner === 'auto')) return found;
  throw new BackendError(
    'program_not_found',
    gitleaks === null
      ? 'git_gate.scanner of settings.yml asks for gitleaks, which is not found on the PATH'
      : `git_gate.gitleaks of settings.yml names no program: ${gitleaks}`,
    { hint: 'install gitleaks, or set `scanner: builtin`', data: { program: gitleaks ?? 'gitleaks' } },
  );
}

function scannerUsed(
  asked: GitGatePlan['scanner'],
  gitleaks: string | null,
  backend: BackendName,
): GitGatePlan['scannerUsed'] {
  if (asked === 'builtin') return { name: 'builtin', reason: 'settings.yml' };
  if (gitleaks === null && backend !== 'bubblewrap')
    return { name: 'builtin', reason: 'whether the image has gitleaks is not known' };
  if (gitleaks === null) return { name: 'builtin', reason: 'gitleaks is not installed' };
  return { name: 'gitleaks', reason: asked === 'auto' ? `found at ${gitleaks}` : 'settings.yml' };
}
