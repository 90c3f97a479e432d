import type { RiskKind } from './host-risk.ts';

/** How the content of a file decides; without one the name alone does. */
export const contentChecks = [
  'cargo-manifest',
  'composer-json',
  'editor-settings',
  'git-attributes',
  'git-config',
  'git-todo',
  'package-json',
] as const;
export type ContentCheck = (typeof contentChecks)[number];

/** One row of what could execute on the host; serialisable. */
export interface PathRule {
  readonly kind: RiskKind;
  /** continues the sentence "this file …" */
  readonly why: string;
  /**
   * Names at any depth, whatever their case: `*` is a part of a name, `**` at the end everything below a folder, `**` in
   * between any folders.
   */
  readonly paths: readonly string[];
  /** names that `paths` match and that are harmless */
  readonly except?: readonly string[];
  readonly check?: ContentCheck;
}
