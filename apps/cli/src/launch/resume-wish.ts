import type { BackendName } from '@bot-bottle/backend';
import type { AbandonedProposal } from './abandoned-proposals.ts';

/** What is known of a bottle that is relaunched. */
export interface ResumeWish {
  readonly identity: string;
  readonly backend: BackendName;
  /** whether a folder was copied into its home, which is used as it is now */
  readonly workspace: boolean;
  /** folder of the host that it was launched in, null: not known */
  readonly cwd: string | null;
  readonly label: string | null;
  /** what it asked and nobody answered */
  readonly abandoned: readonly AbandonedProposal[];
}
