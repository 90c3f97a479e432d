/** Where an env value of a bottle comes from. */
export type EnvValue =
  | { readonly kind: 'literal'; readonly value: string }
  /** asked on the terminal at launch */
  | { readonly kind: 'prompt'; readonly message: string | null }
  /** taken from the host variable `name` */
  | { readonly kind: 'host'; readonly name: string };

export interface AgentProviderManifest {
  readonly template: string;
  /** path of a Dockerfile on the host */
  readonly dockerfile: string | null;
  /** host env var that holds the OAuth token (claude only) */
  readonly authToken: string | null;
  readonly forwardHostCredentials: boolean;
  /** argv (command template only) */
  readonly command: readonly string[] | null;
  readonly settings: Readonly<Record<string, unknown>> | null;
}

/** A value and which file it was declared in, for display. */
export interface Provenance {
  readonly value: string;
  readonly origin: 'agent' | 'bottle';
}

export type DeployKeyForge = 'gitea' | 'github' | 'gitlab';

export interface PushPolicyManifest {
  readonly branches: readonly string[];
  readonly protectDefault: boolean;
  readonly force: boolean;
  readonly delete: boolean;
  readonly tags: boolean;
  readonly approve: 'never' | 'on_finding' | 'always';
  /** bytes */
  readonly maxBytes: number;
  /** null: the built-in list of protected paths */
  readonly protectedPaths: readonly string[] | null;
}

export interface GitRepoManifest {
  readonly name: string;
  readonly url: string;
  readonly user: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly key:
    | { readonly kind: 'identity'; readonly path: string }
    | {
        readonly kind: 'provisioned';
        readonly provider: DeployKeyForge;
        readonly tokenRef: string;
        readonly apiUrl: string | null;
        readonly readOnly: boolean;
      };
  /** known_hosts key material, null: the gate refuses to connect */
  readonly hostKey: string | null;
  readonly push: PushPolicyManifest;
}

export interface RouteAuthManifest {
  readonly scheme: 'Bearer' | 'token' | 'basic' | 'header';
  readonly tokenRef: string;
  readonly header: string | null;
  readonly username: string | null;
  readonly wildcard: boolean;
}

export interface RouteDlpManifest {
  /** null: the default detectors; [] (written `false`): none */
  readonly outbound: readonly string[] | null;
  readonly inbound: readonly string[] | null;
  /** null: the default of the route's owner */
  readonly onMatch: 'warn' | 'redact' | 'supervise' | 'block' | null;
}

export interface RouteManifest {
  readonly host: string;
  readonly ports: readonly number[];
  readonly pathAllowlist: readonly string[];
  readonly methods: readonly string[];
  readonly auth: RouteAuthManifest | null;
  readonly authorization: 'strip' | 'agent';
  readonly agentHeaders: readonly string[];
  readonly envSecrets: readonly string[];
  readonly git: { readonly fetch: boolean };
  readonly dlp: RouteDlpManifest;
  /** IPs and CIDRs, from `address_allowlist` and `pipelock.ssrf_ip_allowlist` */
  readonly addressAllowlist: readonly string[];
  readonly pipelock: { readonly tlsPassthrough: boolean };
}

/** Reach that is given to a running bottle. */
export interface GrantManifest {
  /** exact, or `*.suffix`; never an address */
  readonly host: string;
  readonly ports: readonly number[];
  /** [] allows every path */
  readonly pathAllowlist: readonly string[];
  /** [] allows every method */
  readonly methods: readonly string[];
  /** null: until the bottle ends */
  readonly minutes: number | null;
  /** whether the credential of the host's route is added */
  readonly withCredential: boolean;
}

export interface EgressManifest {
  readonly routes: readonly RouteManifest[];
  readonly log: 0 | 1 | 2;
  readonly guard: 'builtin' | 'pipelock';
  readonly budget: { readonly requestBytes: number | null; readonly totalBytes: number | null };
  readonly dlpAllow: ReadonlyArray<{
    readonly rule: string | null;
    readonly sha256: string | null;
    readonly reason: string;
  }>;
}

export interface ResourcesManifest {
  /** bytes */
  readonly memory: number | null;
  /** cores, fractions allowed */
  readonly cpus: number | null;
  readonly pids: number | null;
  /** bytes */
  readonly disk: number | null;
}

/** One bottle after `extends` was folded and defaults were filled in. */
export interface BottleManifest {
  readonly name: string;
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly agentProvider: AgentProviderManifest;
  readonly gitGate: {
    readonly user: { readonly name: Provenance | null; readonly email: Provenance | null };
    readonly repos: Readonly<Record<string, GitRepoManifest>>;
  };
  readonly egress: EgressManifest;
  readonly supervise: boolean;
  readonly resources: ResourcesManifest;
  readonly repositoryAgents: boolean;
}

/** An agent with its effective bottle. */
export interface EffectiveAgent {
  readonly name: string;
  /** file that declares the agent, null when it came from an object */
  readonly file: string | null;
  readonly source: 'home' | 'repository' | 'object';
  /** SHA-256, hex, of the file's bytes: what trust in a repository agent is bound to */
  readonly contentHash: string;
  /** file of the home agent of the same name that a repository agent replaces */
  readonly replaces: string | null;
  /** trimmed body */
  readonly prompt: string;
  readonly skills: readonly string[];
  readonly bottle: BottleManifest;
}
