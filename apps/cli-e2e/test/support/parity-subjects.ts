import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Backend } from '@bot-bottle/backend';
import { createBubblewrapBackend } from '@bot-bottle/backend-bubblewrap';
import { createDockerBackend } from '@bot-bottle/backend-docker';
import { baseImage, hasEngine, ownedBy } from './docker-engine.ts';
import { has } from './requirements.ts';

/** A backend of this machine, and what it has of a bottle. */
export interface Subject {
  readonly backend: Backend;
  readonly isHere: boolean;
  readonly traces: (identity: string) => Promise<readonly string[]>;
  readonly dispose: () => void;
}

/** Every backend of this version, in the order of the published columns. */
export const parityBackends = ['bubblewrap', 'docker'] as const;
export type ParityBackend = (typeof parityBackends)[number];

/** A backend of this version, whether this machine has it or not. */
export function paritySubject(backend: ParityBackend): Subject {
  return backend === 'bubblewrap' ? bubblewrap() : onDocker();
}

function bubblewrap(): Subject {
  const folder = mkdtempSync(path.join(tmpdir(), 'bb-parity-'));
  chmodSync(folder, 0o711);
  const cacheDir = path.join(tmpdir(), `bot-bottle-test-cache-${process.getuid?.() ?? 0}`);
  if (!existsSync(cacheDir)) mkdirSync(cacheDir, { mode: 0o755 });
  const [runtimeDir, homesDir] = ['run', 'homes'].map((name) => path.join(folder, name));
  const traces = async (identity: string): Promise<string[]> => [
    ...[path.join(folder, 'run/bubblewrap', identity), path.join(folder, 'homes', identity)]
      .filter((each) => existsSync(each))
      .map((each) => `folder ${each}`),
    ...processesSeeing(identity).map((pid) => `process ${pid}`),
  ];
  return {
    backend: createBubblewrapBackend({
      cacheDir,
      ...(runtimeDir && homesDir ? { runtimeDir, homesDir } : {}),
    }),
    isHere: has('bubblewrap', 'bwrap', ['--unshare-all', '--ro-bind', '/', '/', 'true']),
    traces,
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Processes in a mount namespace in which something of the bottle is mounted. */
function processesSeeing(identity: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes(identity);
      } catch {
        return false;
      }
    });
}

function onDocker(): Subject {
  const kinds = ['container', 'network', 'volume'] as const;
  return {
    backend: createDockerBackend(baseImage === '' ? {} : { baseImage }),
    isHere: hasEngine,
    traces: async (identity) =>
      kinds.flatMap((kind) => ownedBy(identity, kind).map((name) => `${kind} ${name}`)),
    dispose: () => undefined,
  };
}
