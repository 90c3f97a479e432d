import type { PathRule } from '../path-rule.ts';
import { agentRules } from './agent-rules.ts';
import { buildRules } from './build-rules.ts';
import { ciRules } from './ci-rules.ts';
import { editorRules } from './editor-rules.ts';
import { gitRules } from './git-rules.ts';
import { installRules } from './install-rules.ts';
import { shellRules } from './shell-rules.ts';

/** Files that a host runs or obeys because of their names, as data. */
export const pathRules: readonly PathRule[] = [
  ...gitRules,
  ...installRules,
  ...shellRules,
  ...editorRules,
  ...agentRules,
  ...ciRules,
  ...buildRules,
];
