import type { AuditEvent } from '@bot-bottle/audit';
import type { CredentialPins, EgressConfig, LeafMinter } from '@bot-bottle/egress';
import type { Log } from '@bot-bottle/sidecar-protocol/program';
import type { AgentReader } from './agent/agent-reader.ts';
import type { Holds } from './hold/holds.ts';
import type { ByteBudget } from './limits/byte-budget.ts';
import type { HeldBudget } from './limits/held-budget.ts';
import type { Sweeper } from './limits/sweeper.ts';
import type { PolicyState } from './policy/policy-state.ts';
import type { Exchanges } from './request/exchanges.ts';
import type { Routing } from './upstream/routing.ts';

/** What every part of one egress server shares. */
export interface ServerContext {
  readonly config: EgressConfig;
  readonly policy: PolicyState;
  readonly pins: CredentialPins;
  /** milliseconds since the epoch, monotonic */
  readonly now: () => number;
  /** resolves when the event is safely recorded */
  readonly audit: (event: AuditEvent) => Promise<void>;
  readonly log: Log;
  readonly sweeper: Sweeper;
  readonly held: HeldBudget;
  readonly bytes: ByteBudget;
  readonly routing: Routing;
  readonly exchanges: Exchanges;
  readonly holds: Holds;
  readonly leaves: LeafMinter;
  /** certificates for hosts that are only told that they are refused */
  readonly denialLeaves: LeafMinter;
  /** every HTTP stream of the agent that is open */
  readonly readers: Set<AgentReader>;
  readonly counters: { denialTunnels: number };
  readonly isDraining: () => boolean;
}
