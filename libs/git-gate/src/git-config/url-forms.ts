import type { GateRepo } from '../config.ts';
import { sshPort, urlHost } from '../upstream/upstream-address.ts';

type Upstream = Pick<GateRepo, 'url' | 'user' | 'host' | 'port' | 'path'>;

export interface UrlForms {
  /** git takes them for the declared URL itself */
  readonly exact: readonly string[];
  /** they mean the same at the usual forges, and so belong to the repository unless another one declares them */
  readonly alias: readonly string[];
}

/**
 * How a repository may be written in a clone command or `.gitmodules` (git-clone(1), "GIT URLS"): the URL with its
 * default port written out or left out, and the scp form, which cannot say a port. The host also as the manifest wrote it.
 */
export function urlForms(repo: Upstream): UrlForms {
  const path = repo.path.replace(/(?<=.)\/+$/, '');
  const exact = new Set([repo.url, ...spellings(repo, path)]);
  const alias = new Set<string>();
  const other = path.endsWith('.git') ? path.slice(0, -'.git'.length) : `${path}.git`;
  // `/.git` and `/x/.git` without their ending would be folders full of other repositories
  const both = other === '' || other.endsWith('/') ? [path] : [path, other];
  for (const one of both) {
    for (const spelling of spellings(repo, one)) alias.add(spelling);
    for (const spelling of relativeSpellings(repo, one)) alias.add(spelling);
  }
  return { exact: [...exact], alias: [...alias].filter((form) => !exact.has(form)) };
}

/** `~` is a home folder in either form, with or without the slash before it; the scp form starts at one's own. */
function spellings(repo: Upstream, path: string): string[] {
  const usual = repo.port === sshPort;
  return hosts(repo).flatMap((host) => [
    ...(usual ? [`ssh://${repo.user}@${host}${path}`] : []),
    `ssh://${repo.user}@${host}:${repo.port}${path}`,
    ...(usual ? [`${repo.user}@${host}:${path}`] : []),
    ...(usual && path.startsWith('/~') ? [`${repo.user}@${host}:${path.slice(1)}`] : []),
    ...(usual && path.startsWith('/~/') ? [`${repo.user}@${host}:${path.slice(3)}`] : []),
  ]);
}

/** `git@github.com:org/x` is relative to a home folder, which at forges is the place of all repositories. */
function relativeSpellings(repo: Upstream, path: string): string[] {
  if (repo.port !== sshPort || !/^\/[^~/]/.test(path)) return [];
  return hosts(repo).map((host) => `${repo.user}@${host}:${path.slice(1)}`);
}

function hosts({ url, host }: Upstream): string[] {
  const written = /^ssh:\/\/[^@/]*@(\[[^\]/]*\]|[^:/[\]]*)/.exec(url)?.[1];
  return [...new Set([urlHost(host), ...(written === undefined || written === '' ? [] : [written])])];
}
