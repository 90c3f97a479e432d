import type {
  AgentProvisionPlan,
  GuestCommand,
  GuestFile,
  ProviderRuntime,
  SecretRef,
} from '@bot-bottle/providers';
import type { DeployKeyForge, EffectiveAgent } from '@bot-bottle/manifest';
import type { EffectiveRoutes } from '@bot-bottle/egress';
import type { GateRepo } from '@bot-bottle/git-gate';
import type { BackendName, SidecarName } from '../contracts.ts';

/** How the agent program is to be run. */
export type RunMode =
  | { readonly kind: 'interactive' }
  | { readonly kind: 'headless'; readonly prompt: string }
  /** `run … -- CMD`: this instead of the agent program */
  | { readonly kind: 'command'; readonly argv: readonly string[] };

/** A folder that is copied into the bottle. */
export interface WorkspacePlan {
  readonly source: string;
  readonly target: string;
  /** files named with --include although ignored or flagged */
  readonly include: readonly string[];
  /** paths, relative to `source`, left out because a detector flagged them, with the rules */
  readonly flagged: ReadonlyArray<{ readonly path: string; readonly rules: readonly string[] }>;
}

/** One env variable that enters the bottle with a secret value. */
export interface ForwardedEnv {
  readonly name: string;
  readonly ref: SecretRef;
}

/** A key that is made for one launch and registered with a forge. */
export interface ProvisionedKeyPlan {
  /** name of the repository in the manifest */
  readonly repo: string;
  /** slot of the git gate that gets the private key */
  readonly slot: string;
  readonly forge: DeployKeyForge;
  /** host of the repository's URL */
  readonly host: string;
  /** null: the forge's public service, or that host */
  readonly apiUrl: string | null;
  /** path of the repository at the forge, as in its URL */
  readonly repoPath: string;
  readonly tokenRef: Extract<SecretRef, { kind: 'host-env' }>;
  readonly readOnly: boolean;
}

/** What the git gate of a bottle will do. */
export interface GitGatePlan {
  readonly repos: readonly GateRepo[];
  /** slot → private key of the operator; provisioned keys have none yet */
  readonly keyRefs: Readonly<Record<string, SecretRef>>;
  readonly provisioned: readonly ProvisionedKeyPlan[];
  readonly scanner: 'auto' | 'gitleaks' | 'builtin';
  /** what will scan, and why this one */
  readonly scannerUsed: { readonly name: 'gitleaks' | 'builtin'; readonly reason: string };
  /** absolute host paths; null: not installed */
  readonly programs: { readonly git: string; readonly ssh: string; readonly gitleaks: string | null };
}

/** The guard behind egress: a program of the host, and what it is to leave alone. */
export interface GuardPlan {
  /** absolute host path of pipelock */
  readonly program: string;
  /** hosts whose TLS it leaves closed because the operator asks for it */
  readonly tlsPassthrough: readonly string[];
}

/**
 * The fully resolved, secret-free description of what a launch will do. Immutable, serialisable, made without side
 * effects outside the state folder.
 */
export interface BottlePlan {
  readonly identity: string;
  /** null: a new bottle; else the home that an earlier life left is used, and whether a workspace is in it */
  readonly resumed: { readonly workspace: boolean } | null;
  readonly label: string | null;
  readonly startedAt: string;
  readonly agent: EffectiveAgent;
  readonly backend: { readonly name: BackendName; readonly reason: string };
  readonly provider: { readonly name: string; readonly origin: string };
  readonly runtime: Pick<ProviderRuntime, 'command' | 'image' | 'dockerfile' | 'bypassArgs'>;
  /** whether the operator named the image of this launch, which nothing else then decides */
  readonly imageOverridden: boolean;
  /** text of the Dockerfile that was approved for this bottle in an earlier life, null: none */
  readonly rebuilt: string | null;
  readonly mode: RunMode;
  /** argv of the main process */
  readonly argv: readonly string[];
  /** text for the main process's stdin, null: closed or the terminal's */
  readonly stdin: string | null;
  readonly guestHome: string;
  readonly workdir: string;
  readonly botBottleHome: string;
  readonly stateDir: string;
  readonly provision: AgentProvisionPlan;
  /** what makes the agent know the tools of the supervise sidecar; [] for a bottle that has none */
  readonly superviseCommands: readonly GuestCommand[];
  readonly skills: ReadonlyArray<{
    readonly name: string;
    readonly source: string;
    readonly files: readonly GuestFile[];
  }>;
  /** where the skills go in the guest */
  readonly skillsDir: string;
  readonly workspace: WorkspacePlan | null;
  /** literal env of the bottle, placeholders of the provider included */
  readonly env: Readonly<Record<string, string>>;
  readonly forwardedEnv: readonly ForwardedEnv[];
  readonly routes: EffectiveRoutes;
  /** secrets of the egress sidecar: slot → where the value comes from */
  readonly slotRefs: Readonly<Record<string, SecretRef>>;
  /** null: the bottle declares no repository, and there is no gate */
  readonly gitGate: GitGatePlan | null;
  /** null: the built-in detectors alone */
  readonly guard: GuardPlan | null;
  readonly sidecars: readonly SidecarName[];
  /** absolute host paths of executables that must run inside (backends that share the host's programs) */
  readonly programs: readonly string[];
  readonly programDirs: readonly string[];
  readonly egress: {
    readonly log: 0 | 1 | 2;
    readonly budget: { readonly request_bytes: number | null; readonly total_bytes: number | null };
    readonly dlpAllow: ReadonlyArray<{ readonly rule?: string; readonly sha256?: string }>;
    readonly extraCaFile: string | null;
    readonly upstreamProxy: {
      readonly url: string;
      readonly noProxy: readonly string[];
      readonly hasCredentials: boolean;
    } | null;
    /** name → address overrides of settings.yml */
    readonly hosts: Readonly<Record<string, string>>;
  };
  readonly resources: {
    readonly memory: number | null;
    readonly cpus: number | null;
    readonly pids: number | null;
    readonly disk: number | null;
  };
  readonly keep: boolean;
  readonly warnings: readonly string[];
}
