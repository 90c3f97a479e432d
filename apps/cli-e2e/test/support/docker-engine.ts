import { spawnSync } from 'node:child_process';
import { has } from './requirements.ts';

/** Runs the docker command and gives what it printed, trimmed. */
export function docker(...args: readonly string[]): string {
  const options = { encoding: 'utf8', timeout: 60_000, maxBuffer: 256 * 1024 * 1024 } as const;
  return spawnSync('docker', args, options).stdout.trim();
}

/** Whether an engine answers; a missing one skips its tests with the reason. */
export const hasEngine = has('docker', 'docker', ['version']);

/** Base that `tools/images` makes without a registry. */
const offlineBase = 'bot-bottle/base:offline';
const named = process.env['BOT_BOTTLE_BASE_IMAGE'] ?? '';
const isOffline = hasEngine && docker('image', 'inspect', '--format', 'there', offlineBase) === 'there';

/** What images are built on here, '' for the default. */
export const baseImage = named !== '' ? named : isOffline ? offlineBase : '';

/** Environment with which the CLI builds images here. */
export const engineEnv: Readonly<Record<string, string>> =
  baseImage === '' ? {} : { BOT_BOTTLE_BASE_IMAGE: baseImage };

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** What the engine has of a bottle, by name. */
export function ownedBy(slug: string, kind: 'container' | 'network' | 'volume', ...more: string[]): string[] {
  const filter = ['--filter', `label=bot-bottle.slug=${slug}`];
  const format = ['--format', kind === 'container' ? '{{.Names}}' : '{{.Name}}'];
  const list = kind === 'container' ? ['ps', '--all'] : [kind, 'ls'];
  return lines(docker(...list, ...filter, ...format, ...more));
}

const rebuilt = (): string[] =>
  docker('image', 'ls', '--filter', 'label=bot-bottle.image=agent-rebuilt', '--quiet')
    .split('\n')
    .filter((id) => id !== '');

/** Remembers the images of rebuilt bottles; what is given back removes those that came since. */
export function rebuiltImagesSince(): () => void {
  const before = new Set(rebuilt());
  return () => {
    const since = rebuilt().filter((id) => !before.has(id));
    if (since.length > 0) docker('image', 'rm', '--force', ...new Set(since));
  };
}
