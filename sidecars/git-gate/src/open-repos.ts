import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditEvent } from '@bot-bottle/audit';
import type { GateRepo, GitGateConfig } from '@bot-bottle/git-gate';
import type { Log } from '@bot-bottle/sidecar-protocol/program';
import type { PushScanner } from './contracts.ts';
import { createGit } from './git/create-git.ts';
import type { GitOptions } from './git/git-environment.ts';
import { requireGit } from './git/require-git.ts';
import type { HeldPushes } from './held/held-pushes.ts';
import { Slots } from './http/slots.ts';
import { createMirror } from './mirror/create-mirror.ts';
import { installHooks } from './push/hooks.ts';
import { recorded } from './push/push-events.ts';
import type { RepoService } from './repo-service.ts';
import { createPushScanner } from './scan/create-push-scanner.ts';
import { createTouchedPaths } from './scan/touched-paths.ts';
import type { SecretStore } from './secret-store.ts';

export interface OpenReposOptions {
  readonly config: GitGateConfig;
  readonly secrets: SecretStore;
  readonly held: HeldPushes;
  readonly log: Log;
  readonly stopping: AbortSignal;
  readonly audit: (event: AuditEvent) => Promise<void>;
}

interface Shared {
  readonly gitOptions: GitOptions;
  readonly hooks: string;
  readonly receiving: Slots;
}

/** With `RECEIVE_MEMORY_KIB` this bounds what pushes can make git want, however many there are. */
const RECEIVING = 2;

/**
 * Opens the mirror of every repository and puts what serves it into `repos`, one by one.
 *
 * @throws GitGateServerError `invalid_config` for a git that is too old
 */
export async function openRepos(repos: Map<string, RepoService>, parts: OpenReposOptions): Promise<void> {
  const { root, key_dir: keyDir } = parts.config;
  const [home, hooks] = [join(root, '.home'), join(root, '.hooks')];
  for (const folder of [root, keyDir, home]) await mkdir(folder, { recursive: true, mode: 0o700 });
  const gitOptions = { git: parts.config.programs.git, home };
  await requireGit(createGit(gitOptions));
  await installHooks(hooks);
  const unsearched = parts.secrets.unsearched();
  if (unsearched.length > 0)
    parts.log(0, { event: 'values_too_short_to_be_searched', names: unsearched.join(' ') });
  const shared = { gitOptions, hooks, receiving: new Slots(RECEIVING) };
  for (const repo of parts.config.repos) repos.set(repo.name, await openRepo(parts, repo, shared));
}

async function openRepo(
  parts: OpenReposOptions,
  repo: GateRepo,
  { gitOptions, hooks, receiving }: Shared,
): Promise<RepoService> {
  const { config, secrets, log } = parts;
  const { limits, programs } = config;
  const git = createGit(gitOptions);
  const mirror = await createMirror({
    repo,
    git,
    ssh: programs.ssh,
    root: config.root,
    keyDir: config.key_dir,
    key: secrets.get(repo.key_slot),
    limits,
    log,
  });
  const scratchDir = join(mirror.workDir, 'scan');
  await mkdir(scratchDir, { recursive: true, mode: 0o700 });
  return {
    repo,
    mirror,
    git,
    gitOptions,
    hooks,
    limits,
    supervise: config.supervise,
    // made anew for each push, with the secrets in force
    scanner: (): PushScanner =>
      createPushScanner({
        git,
        mirrorView: { gitDir: mirror.gitDir, objects: null, alternates: [] },
        gitleaks: programs.gitleaks,
        mode: config.scanner,
        knownSecrets: secrets.knownSecrets(),
        canary: secrets.canary(),
        scratchDir,
        timeoutMs: limits.transfer_seconds * 1000,
        log,
      }),
    touchedPaths: createTouchedPaths({ git }),
    held: parts.held,
    audit: (event) => recorded(parts.audit({ layer: 'git-gate', ...event })),
    log,
    stopping: parts.stopping,
    receiving,
    active: 0,
    pushes: new Set(),
  };
}
