import type { BottleManifest } from '@bot-bottle/manifest';
import type { ProviderRoute } from '@bot-bottle/egress';

export interface HeadlessRun {
  readonly args: readonly string[];
  readonly stdin: string | null;
}

/** How the agent program of a provider is started. */
export interface ProviderRuntime {
  /** argv[0] and fixed arguments */
  readonly command: readonly string[];
  readonly image: string;
  /** path of a Dockerfile on the host, null for the built-in image */
  readonly dockerfile: string | null;
  readonly promptMode: 'append-file' | 'config' | 'env';
  readonly bypassArgs: readonly string[];
  readonly resumeArgs: readonly string[];
  readonly remoteControlArgs: readonly string[];
  /** why remote control cannot work in this bottle; absent or null: it can when `remoteControlArgs` is not empty */
  readonly remoteControlRefusal?: string | null;
  /** arguments that pass the system prompt; absent or []: none are needed, or the prompt is empty */
  readonly promptArgs?: readonly string[];
  /**
   * Arguments of a headless run, those that continue the last conversation among them, and what goes to stdin (null:
   * stdin is closed).
   */
  headlessArgs(prompt: string, options: { readonly resume: boolean }): HeadlessRun;
}

export interface GuestDir {
  readonly path: string;
  readonly mode: number;
}

export interface GuestFile {
  readonly path: string;
  readonly mode: number;
  /** text to write, or a file or folder of the host to copy */
  readonly source: { readonly content: string } | { readonly hostPath: string };
}

export interface GuestCommand {
  readonly argv: readonly string[];
  /** shown when the command fails */
  readonly failureMessage: string;
  /** text that stdout or stderr must contain; null: the exit code decides */
  readonly expectOutput: string | null;
}

/** A text in a JSON file that a vendor's program keeps on the host, and replaces there before it expires. */
export interface ProviderFileRef {
  readonly kind: 'provider-file';
  readonly path: string;
  /** RFC 6901 */
  readonly pointer: string;
  /** pointer → value that the file must still hold there for its secret to be the same one's */
  readonly unchanged: Readonly<Record<string, string>>;
  /** what gives the file a good value again */
  readonly remedy: string;
}

/** A value that lives on the host, named but not read. */
export type SecretRef =
  | { readonly kind: 'host-env'; readonly name: string }
  | { readonly kind: 'prompt'; readonly name: string; readonly message: string | null }
  | ProviderFileRef
  /** the whole text of a private key file, kept as ssh demands */
  | { readonly kind: 'file'; readonly path: string };

/** Everything that makes a bottle ready for one agent program; applied by shared code on any backend. */
export interface AgentProvisionPlan {
  readonly env: Readonly<Record<string, string>>;
  readonly hiddenEnvNames: readonly string[];
  readonly dirs: readonly GuestDir[];
  readonly files: readonly GuestFile[];
  readonly preCopy: readonly GuestCommand[];
  readonly verify: readonly GuestCommand[];
  readonly egressRoutes: readonly ProviderRoute[];
  /** token_ref used by a provider route → where its value comes from */
  readonly secretRefs: Readonly<Record<string, SecretRef>>;
}

export interface ProviderContext {
  readonly bottle: BottleManifest;
  readonly agentName: string;
  /** trimmed system prompt, '' when there is none */
  readonly prompt: string;
  readonly skills: readonly string[];
  readonly guestHome: string;
  /** working directory in the guest */
  readonly workdir: string;
  readonly botBottleHome: string;
  /** home folder of the operator, where vendors keep their host files */
  readonly hostHome: string;
  readonly now: Date;
  /** a variable of the host that says where something is; undefined when it is not set */
  hostEnv(name: string): string | undefined;
  /** Text of a file of the host, null when it is not there. What is read may be checked, but not be part of a plan. */
  readHostFile(path: string): Promise<string | null>;
}

export interface AgentProvider {
  readonly name: string;
  /** where the provider came from, for the preflight: built-in or a file */
  readonly origin: string;
  readonly skillsDir: string;
  runtime(context: ProviderContext): ProviderRuntime;
  /** Resolution only: reads nothing but what it names, starts nothing, and the plan holds no secret. */
  plan(context: ProviderContext): AgentProvisionPlan | Promise<AgentProvisionPlan>;
  superviseCommands(url: string): readonly GuestCommand[];
}
