import type { AuditEvent } from '@bot-bottle/audit';
import type { GateRepo, GitGateConfig } from '@bot-bottle/git-gate';
import type { Log } from '@bot-bottle/sidecar-protocol/program';
import type { Git, Mirror, PushScanner, TouchedPaths } from './contracts.ts';
import type { GitOptions } from './git/git-environment.ts';
import type { BodyCount } from './http/feed-body.ts';
import type { Slots } from './http/slots.ts';
import type { HeldPushes } from './held/held-pushes.ts';

/** What serves one repository. */
export interface RepoService {
  readonly repo: GateRepo;
  readonly mirror: Mirror;
  readonly git: Git;
  /** for receive-pack and upload-pack, which are streamed */
  readonly gitOptions: GitOptions;
  readonly hooks: string;
  readonly limits: GitGateConfig['limits'];
  readonly supervise: boolean;
  /** with the secrets in force */
  readonly scanner: () => PushScanner;
  readonly touchedPaths: TouchedPaths;
  readonly held: HeldPushes;
  /** Resolves when the event is recorded. Throws GitGateServerError `audit_unavailable`. */
  readonly audit: (event: Omit<AuditEvent, 'layer'>) => Promise<void>;
  readonly log: Log;
  /** aborts when the server gives up what is still running */
  readonly stopping: AbortSignal;
  /** receive-packs of the whole gate that may be reading a push at a time */
  readonly receiving: Slots;
  /** requests being served */
  active: number;
  /** what each push in flight has brought: its quarantine is about as large */
  readonly pushes: Set<BodyCount>;
}
