import type { Versions } from './read-versions.ts';

/** Files that are made on this machine and that an image can do without, or get otherwise. */
export type Prepared = 'gitleaks' | 'claude' | 'codex';

export interface ImageSpec {
  readonly name: string;
  /** file of the build context → file of the repository, besides those of `images/common` and `images/<name>` */
  readonly files: Readonly<Record<string, string>>;
  readonly prepared: Prepared | null;
  readonly buildArgs: (versions: Versions) => Readonly<Record<string, string>>;
}

const program = (sidecar: string): string => `sidecars/${sidecar}/dist/main.js`;
const none = (): Record<string, string> => ({});
const tools = ({ agentTools }: Versions): Record<string, string> => ({
  EXTRA_PACKAGES: agentTools.join(' '),
});

/** Every image, in the order in which they are built. */
export const catalogue: readonly ImageSpec[] = [
  {
    name: 'sidecar-egress',
    files: { 'main.js': program('egress') },
    prepared: null,
    buildArgs: none,
  },
  {
    name: 'sidecar-git-gate',
    files: { 'main.js': program('git-gate') },
    prepared: 'gitleaks',
    buildArgs: none,
  },
  {
    name: 'sidecar-supervise',
    files: { 'main.js': program('supervise') },
    prepared: null,
    buildArgs: none,
  },
  {
    name: 'sidecar-bundle',
    files: {
      'main.js': 'tools/images/dist/main.js',
      'egress.js': program('egress'),
      'git-gate.js': program('git-gate'),
      'supervise.js': program('supervise'),
    },
    prepared: 'gitleaks',
    buildArgs: none,
  },
  { name: 'agent-command', files: {}, prepared: null, buildArgs: tools },
  { name: 'agent-claude', files: {}, prepared: 'claude', buildArgs: tools },
  { name: 'agent-codex', files: {}, prepared: 'codex', buildArgs: tools },
];
