import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { workspaceRoot } from '../../../src/workspace.ts';
import { built } from './built-images.ts';
import { freePort, testLabel } from './scene.ts';
import type { Scene } from './scene.ts';

export interface StartedReadme {
  /** name of the container */
  readonly container: string;
  /** port of 127.0.0.1 that it is published at */
  readonly port: number;
}

interface ReadmeOptions {
  /** name of the sidecar, of its folder and of the container in the README */
  readonly sidecar: 'egress' | 'git-gate' | 'supervise';
  readonly port: number;
  /** added to `docker run` */
  readonly extra?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs what "In a container" of a sidecar's README says up to `docker run`, with names, port and network of the scene
 * instead of those that another test or an operator may use. What it makes belongs to uid 1000 then, as it does for
 * whoever is that user.
 */
export async function runReadme(scene: Scene, options: ReadmeOptions): Promise<StartedReadme> {
  const { sidecar, extra = [], env } = options;
  const readme = await readFile(join(workspaceRoot, 'sidecars', sidecar, 'README.md'), 'utf8');
  const block = /^## In a container\n\n```sh\n(.*?)^```/ms.exec(readme)?.[1] ?? '';
  const [image = ''] =
    new RegExp(`ghcr\\.io/bot-bottle/sidecar-${sidecar}:\\d+\\.\\d+\\.\\d+$`, 'm').exec(block) ?? [];
  if (image === '') throw new Error(`the README of ${sidecar} names no image with its version`);
  const upToRun = block.slice(0, block.indexOf(image) + image.length);
  const container = `${scene.network}-${sidecar}`;
  const port = await freePort();
  const changes: ReadonlyArray<readonly [string, string]> = [
    ['docker network create bottle', process.getuid?.() === 0 ? 'chown -R 1000:1000 .' : ':'],
    [`--name ${sidecar}`, `--name ${container} --network-alias ${sidecar} --label ${testLabel}=${scene.id}`],
    ['--network bottle', `--network ${scene.network}`],
    [`--publish 127.0.0.1:${options.port}:`, `--publish 127.0.0.1:${port}:`],
    ['docker run ', 'docker run --health-interval 1s '],
    [image, [...extra, built(`sidecar-${sidecar}`)].join(' ')],
  ];
  let script = upToRun;
  for (const [from, to] of changes) {
    if (!script.includes(from)) throw new Error(`the README of ${sidecar} does not say "${from}"`);
    script = script.replace(from, () => to);
  }
  await scene.sh(script, env);
  return { container, port };
}
