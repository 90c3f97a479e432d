import type { DenialCode } from '@bot-bottle/audit';
import type { GateRepo } from '@bot-bottle/git-gate';
import type { CommitSpec } from '../bare-repo.ts';
import type { Client } from '../client.ts';

/** The clone that a case works in, on branch `agent/work`. */
export interface Work {
  readonly client: Client;
  /** Runs git in the clone; throws when it fails. */
  readonly git: (...args: readonly string[]) => Promise<string>;
  /** The same with something on its standard input. */
  readonly feed: (input: string | Uint8Array, ...args: readonly string[]) => Promise<string>;
  readonly write: (path: string, content: string | Uint8Array) => Promise<void>;
  readonly commit: (
    files: Readonly<Record<string, string | Uint8Array>>,
    message?: string,
  ) => Promise<string>;
  /** Stores an object byte for byte, well-formed or not; gives its id. */
  readonly object: (
    type: 'blob' | 'tree' | 'commit' | 'tag',
    content: string | Uint8Array,
  ) => Promise<string>;
  /** A commit object over the tree of HEAD with whatever is given as its header and message. */
  readonly rawCommit: (parts?: {
    readonly tree?: string;
    readonly parents?: readonly string[];
    readonly author?: string;
    readonly committer?: string;
    readonly headers?: string;
    readonly message?: string;
  }) => Promise<string>;
}

interface Case {
  readonly name: string;
  /** upstream's history before; default one commit with a README on main */
  readonly upstream?: readonly CommitSpec[];
  readonly policy?: Partial<GateRepo['push']>;
  /**
   * Makes what is pushed and gives the arguments after `git push <url>`; default: HEAD to the branch of its name.
   */
  readonly make: (work: Work) => Promise<readonly string[] | void>;
  /** default both; only one where the other is known not to look there, with the reason */
  readonly only?: { readonly scanner: 'builtin' | 'gitleaks'; readonly because: string };
}

export interface RefusedCase extends Case {
  readonly code: DenialCode;
  /** what the client is told; default: the code, by the gate */
  readonly told?: RegExp;
  /** must be nowhere in what anybody is told */
  readonly secret?: string;
}

export interface PassingCase extends Case {
  /** the push moves nothing at the upstream */
  readonly unchanged?: true;
}

/** Values that the gates of the corpus are told not to let out. */
export const corpusVariable = 'CORPUS_TOKEN';
