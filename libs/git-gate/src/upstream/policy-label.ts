import type { PushPolicy } from '../contracts.ts';

/**
 * What a push policy lets the agent do, in a few words; what is not a default is always there. Globs are text of the
 * manifest: show the label through `visibleLine`.
 */
export function policyLabel(push: PushPolicy): string {
  const { branches, protected_paths: paths } = push;
  return [
    branches.length === 0
      ? 'no branches'
      : branches.includes('**')
        ? 'all branches'
        : `branches ${branches.join(' ')}`,
    ...(push.protect_default ? [] : ['default branch without approval']),
    push.force ? 'force' : 'no force',
    push.delete ? 'delete' : 'no delete',
    push.tags ? 'tags' : 'no tags',
    ...(paths === null ? [] : [paths.length === 0 ? 'no protected paths' : 'own protected paths']),
    ...(push.approve === 'always' ? ['approve every push'] : []),
    ...(push.approve === 'never' ? ['nobody is asked'] : []),
  ].join(', ');
}
