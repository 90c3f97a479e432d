import { createHash } from 'node:crypto';
import type { Versions } from '../read-versions.ts';

/** Changes when `offline-base.ts` makes something else of the same inputs. */
const RECIPE = 1;

/** Name of every base that is made here. */
export const baseName = 'bot-bottle/base';

/** What the base without a registry is made of. */
export interface BaseRecipe {
  readonly suite: string;
  readonly packages: readonly string[];
  readonly node: string;
  /** as Debian and Docker name it */
  readonly architecture: string;
  /** name and tag of the image; the tag changes with every input */
  readonly reference: string;
}

export function baseRecipe(versions: Versions, architecture: string): BaseRecipe {
  const { debian: suite, node } = versions;
  const packages = [...new Set([...versions.basePackages, ...versions.agentTools])].toSorted();
  const inputs = JSON.stringify([RECIPE, suite, packages, node, architecture]);
  const digest = createHash('sha256').update(inputs).digest('hex').slice(0, 12);
  return { suite, packages, node, architecture, reference: `${baseName}:${digest}` };
}
