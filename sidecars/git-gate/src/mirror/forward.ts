import { GitGateServerError } from '../errors.ts';
import type { KeyFiles } from '../ssh/key-files.ts';
import type { Git, Mirror } from '../contracts.ts';

export interface ForwardOptions {
  readonly git: Git;
  readonly url: string;
  readonly keys: Pick<KeyFiles, 'variables'>;
  /** longest transfer, in ms */
  readonly transferMs: number;
  /** the mirror may be behind the upstream now */
  readonly invalidate: () => void;
}

export function createForward(_options: ForwardOptions): Mirror['forward'] {
  return async () => {
    throw new GitGateServerError('git_failed', 'not built yet');
  };
}
