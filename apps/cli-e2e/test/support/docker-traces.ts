import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { encodingsOf } from '@bot-bottle/dlp';
import { docker } from './docker-engine.ts';
import { memoryHolds } from './process-memory.ts';

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** Everything that the engine tells about itself, by where it stands: what `docker inspect` and its like show. */
export function engineTexts(): ReadonlyMap<string, string> {
  const containers = words(docker('ps', '--all', '--quiet', '--no-trunc'));
  // Those that others are built on stand in their histories.
  const images = [...new Set(words(docker('images', '--quiet', '--no-trunc')))];
  const texts = new Map<string, string>();
  for (const each of containers) {
    texts.set(`inspect of container ${each}`, docker('inspect', each));
    texts.set(`logs of container ${each}`, docker('logs', each));
    texts.set(`changes of container ${each}`, docker('diff', each));
  }
  texts.set('inspect of images', docker('inspect', ...images));
  for (const each of images) texts.set(`history of ${each}`, docker('history', '--no-trunc', each));
  texts.set('networks', docker('network', 'inspect', ...words(docker('network', 'ls', '--quiet'))));
  const volumes = words(docker('volume', 'ls', '--quiet'));
  if (volumes.length > 0) texts.set('volumes', docker('volume', 'inspect', ...volumes));
  texts.set('list', docker('ps', '--all', '--no-trunc', '--format', '{{json .}}'));
  return texts;
}

/** Where one of the forms of a secret stands. */
export function textsHolding(secret: string, texts: ReadonlyMap<string, string>): string[] {
  const forms = encodingsOf(secret);
  return [...texts].filter(([, text]) => forms.some((form) => text.includes(form))).map(([name]) => name);
}

/** Processes of a container, by their numbers on this host. */
export function processesOf(container: string): number[] {
  return docker('top', container, '-eo', 'pid')
    .split('\n')
    .slice(1)
    .map(Number)
    .filter((pid) => pid > 0);
}

/** Command lines, or environments, of every process of a container. Needs root. */
export function processTexts(container: string, what: 'cmdline' | 'environ'): string {
  return processesOf(container)
    .map((pid) => readFileSync(`/proc/${pid}/${what}`, 'latin1'))
    .join('\n');
}

/** Processes of a container whose memory holds the text. Needs root. */
export function memoriesHolding(container: string, text: string): number[] {
  return processesOf(container).filter((pid) => memoryHolds(pid, text));
}

const writable = ['tmp', 'run', 'var/tmp', 'dev/shm', 'home', 'var/lib/bot-bottle', 'etc', 'root', 'mnt'];

/** Files of a container that hold a secret, in all that can be written there, memory folders and volumes included. */
export function containerFilesHolding(container: string, secret: string): string[] {
  const [pid] = processesOf(container);
  if (pid === undefined) throw new Error(`${container} runs no process`);
  const forms = encodingsOf(secret);
  return writable
    .map((folder) => `/proc/${pid}/root/${folder}`)
    .flatMap((folder) => filesBelow(folder))
    .filter((file) => {
      const content = readFileSync(file, 'latin1');
      return forms.some((form) => content.includes(form));
    })
    .map((file) => file.slice(`/proc/${pid}/root`.length));
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}
