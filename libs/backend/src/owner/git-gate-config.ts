import { gateSlots, type GitGateConfigInput } from '@bot-bottle/git-gate';
import { sidecarHome, sidecarProgram, sidecarScratch } from '../contracts.ts';
import type { Canary } from '../env/canary.ts';
import type { BottlePlan } from '../plan/bottle-plan.ts';
import type { ResolvedSecrets } from '../secrets/resolve-secrets.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import type { SidecarSetup } from './egress-config.ts';

export interface GitGateFacts {
  /** where the sidecar listens, as it sees it */
  readonly listen: string;
  readonly canary: Canary;
  /** slot → private key made for this launch */
  readonly provisionedKeys: SecretStore;
}

/**
 * Configuration and secrets of the git gate of one bottle: keys, and values that no push may hold. Route credentials
 * and forge tokens are not among them. Null: the plan has no gate.
 */
export function gitGateSetup(
  plan: BottlePlan,
  secrets: Pick<ResolvedSecrets, 'env' | 'gateKeys'>,
  facts: GitGateFacts,
): SidecarSetup | null {
  if (plan.gitGate === null) return null;
  const { repos, scanner, programs } = plan.gitGate;
  const env = secrets.env.entries();
  const config: GitGateConfigInput = {
    bottle: plan.identity,
    listen: facts.listen,
    root: sidecarScratch,
    key_dir: `${sidecarHome}/keys`,
    programs: {
      git: sidecarProgram(programs.git),
      ssh: sidecarProgram(programs.ssh),
      gitleaks: programs.gitleaks === null ? null : sidecarProgram(programs.gitleaks),
    },
    scanner,
    supervise: plan.agent.bottle.supervise,
    repos: structuredClone([...repos]),
    env_secrets: Object.fromEntries(env.map(([name], index) => [envSecretSlot(index), name])),
  };
  return {
    config,
    secrets: {
      ...Object.fromEntries(secrets.gateKeys.entries()),
      ...Object.fromEntries(facts.provisionedKeys.entries()),
      ...Object.fromEntries(env.map(([, value], index) => [envSecretSlot(index), value])),
      [gateSlots.canary]: facts.canary.value,
    },
  };
}

const envSecretSlot = (index: number): string => `GIT_GATE_SECRET_${index}`;

/** Executables of the host that the gate runs; git starts ssh through a shell (git(1), GIT_SSH_COMMAND). */
export function gitGatePrograms({ gitGate }: Pick<BottlePlan, 'gitGate'>): readonly string[] {
  if (gitGate === null) return [];
  const { git, ssh, gitleaks } = gitGate.programs;
  return [git, ssh, '/bin/sh', ...(gitleaks === null ? [] : [gitleaks])];
}
