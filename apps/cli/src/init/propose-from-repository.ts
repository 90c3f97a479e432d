import { constants } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { join } from 'node:path';
import { normalizeHost } from '@bot-bottle/manifest';

export interface Proposal {
  /** normalised host name */
  readonly host: string;
  /** which file speaks for it */
  readonly why: string;
}

/** Files that tell which registries a repository needs. */
const registries: ReadonlyArray<{ readonly file: string; readonly hosts: readonly string[] }> = [
  { file: 'package.json', hosts: ['registry.npmjs.org'] },
  { file: 'requirements.txt', hosts: ['pypi.org', 'files.pythonhosted.org'] },
  { file: 'pyproject.toml', hosts: ['pypi.org', 'files.pythonhosted.org'] },
  { file: 'Cargo.toml', hosts: ['index.crates.io', 'static.crates.io'] },
  { file: 'go.mod', hosts: ['proxy.golang.org', 'sum.golang.org'] },
  { file: 'Gemfile', hosts: ['rubygems.org'] },
  { file: 'composer.json', hosts: ['repo.packagist.org'] },
];

const maxConfig = 64 * 1024;

/**
 * Hosts that a repository seems to need: package registries and its remotes. The repository is hostile: nothing of it
 * is run, and only what is a plain host name comes out.
 */
export async function proposeFromRepository(folder: string): Promise<Proposal[]> {
  const found = new Map<string, string>();
  const add = (host: string, why: string): void => {
    if (!found.has(host)) found.set(host, why);
  };
  for (const { file, hosts } of registries) {
    const isThere = await access(join(folder, file)).then(
      () => true,
      () => false,
    );
    if (isThere) for (const host of hosts) add(host, `packages of ${file}`);
  }
  for (const host of await remoteHosts(folder)) add(host, 'a remote of .git/config, for fetching over HTTPS');
  return [...found].map(([host, why]) => ({ host, why }));
}

async function remoteHosts(folder: string): Promise<string[]> {
  const text = await readBounded(join(folder, '.git', 'config'));
  const urls = [...text.matchAll(/^\s*url\s*=\s*(\S+)\s*$/gm)].map((match) => match[1] ?? '');
  return urls.flatMap((url) => {
    const name =
      /^(?:https?|ssh|git):\/\/(?:[^@/]*@)?([^:/]+)/.exec(url)?.[1] ?? /^[^@/:]+@([^:/]+):/.exec(url)?.[1];
    const host = name === undefined ? null : plainHost(name);
    return host === null ? [] : [host];
  });
}

function plainHost(name: string): string | null {
  const host: unknown = normalizeHost(name);
  const text = typeof host === 'string' ? host : '';
  return /^(?=.{1,253}$)[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(text) ? text : null;
}

async function readBounded(path: string): Promise<string> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxConfig), 0, maxConfig, 0);
      return buffer.subarray(0, bytesRead).toString('utf8');
    } finally {
      await handle.close();
    }
  } catch {
    return '';
  }
}
