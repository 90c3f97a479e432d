import path from 'node:path';
import type { LaunchOptions } from '@bot-bottle/backend';
import { installation } from './installation.ts';

/** The built programs of the sidecars, where every operator can read them. */
export function sidecarFiles(): LaunchOptions['sidecarPrograms'] {
  const packages = path.resolve(path.dirname(installation().bin), '../..');
  const file = (name: string): string => path.join(packages, `sidecar-${name}`, 'dist/main.js');
  return { egress: file('egress'), 'git-gate': file('git-gate'), supervise: file('supervise') };
}
