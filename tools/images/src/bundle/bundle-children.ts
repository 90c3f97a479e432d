import { sidecarRuntime } from '@bot-bottle/sidecar-protocol';

/** One sidecar of the bundle image. */
export interface BundleChild {
  readonly name: 'egress' | 'git-gate' | 'supervise';
  /** what the names of its variables begin with */
  readonly prefix: string;
  readonly port: number;
  /** the variable without which it is not configured */
  readonly needs: string;
  /** user and group, which no other child has */
  readonly uid: number;
}

export const bundleChildren: readonly BundleChild[] = [
  { name: 'egress', prefix: 'EGRESS', port: 9099, needs: 'EGRESS_ROUTES', uid: 1001 },
  { name: 'git-gate', prefix: 'GIT_GATE', port: 9420, needs: 'GIT_GATE_CONFIG', uid: 1002 },
  { name: 'supervise', prefix: 'SUPERVISE', port: 9100, needs: 'SUPERVISE_BOTTLE_SLUG', uid: 1003 },
];

/** The children that an environment configures. [] when it configures none. */
export function configuredChildren(env: NodeJS.ProcessEnv): BundleChild[] {
  return bundleChildren.filter(({ needs }) => (env[needs] ?? '') !== '');
}

/** The whole environment of a child: its own variables, none of another's. */
export function childEnvironment(
  { name: child, prefix }: BundleChild,
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  const own = Object.entries(env).filter(([name]) => name.startsWith(`${prefix}_`));
  return Object.fromEntries([
    ['PATH', env['PATH'] ?? ''],
    ['HOME', '/tmp'],
    ...Object.entries(sidecarRuntime(child).env),
    ...own.map(([name, value]) => [name, value ?? '']),
  ]);
}
