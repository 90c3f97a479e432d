import type { TokenRule } from '../token-rule.ts';
import { azureRules } from './azure.ts';
import { cloudRules } from './clouds.ts';
import { forgeRules } from './forges.ts';
import { keyRules } from './keys.ts';
import { modelRules } from './models.ts';
import { serviceRules } from './services.ts';

/** Every credential format, each id once. */
export const tokenRules: readonly TokenRule[] = [
  ...forgeRules,
  ...modelRules,
  ...cloudRules,
  ...azureRules,
  ...serviceRules,
  ...keyRules,
];
