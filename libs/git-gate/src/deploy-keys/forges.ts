import type { DeployKeyForge } from '@bot-bottle/manifest';

export interface NewDeployKey {
  readonly title: string;
  /** line of the public key */
  readonly publicKey: string;
  readonly readOnly: boolean;
  /** when the forge stops accepting the key, where it knows such a thing (GitLab) */
  readonly expiresAt: Date;
}

/** How one forge's API differs from the others'. */
export interface Forge {
  readonly label: string;
  defaultBase(host: string): string;
  /** below the base URL; segments of the repository's path without `.git` */
  keysPath(segments: readonly string[]): string;
  headers(token: string): Readonly<Record<string, string>>;
  /** `page` counts from 1 */
  pageQuery(page: number): string;
  createBody(key: NewDeployKey): Readonly<Record<string, string | boolean>>;
  /** what the token must be allowed to do */
  readonly permission: string;
}

const segmented = (segments: readonly string[]): string =>
  `/repos/${segments.map(encodeURIComponent).join('/')}/keys`;

/** SSH-over-HTTPS hosts of the public services; their API lives elsewhere. */
const publicHosts: Readonly<Record<string, string>> = {
  'ssh.github.com': 'github.com',
  'altssh.gitlab.com': 'gitlab.com',
};

/**
 * - Gitea and Forgejo: https://docs.gitea.com/development/api-usage, `/repos/{owner}/{repo}/keys` in their swagger;
 *   at most 50 (`MAX_RESPONSE_ITEMS`) on a page
 * - GitHub: https://docs.github.com/en/rest/deploy-keys/deploy-keys; at most 100 on a page
 * - GitLab: https://docs.gitlab.com/api/deploy_keys/, paths of projects are URL-encoded as in
 *   https://docs.gitlab.com/api/rest/#namespaced-paths; at most 100 on a page
 */
export const forges: Readonly<Record<DeployKeyForge, Forge>> = {
  gitea: {
    label: 'Gitea',
    defaultBase: (host) => `https://${host}/api/v1`,
    keysPath: segmented,
    headers: (token) => ({ authorization: `token ${token}` }),
    pageQuery: (page) => `limit=50&page=${page}`,
    createBody: (key) => ({ title: key.title, key: key.publicKey, read_only: key.readOnly }),
    permission: 'administer the repository (scope `write:repository`)',
  },
  github: {
    label: 'GitHub',
    defaultBase: (host) => {
      const name = publicHosts[host] ?? host;
      return name === 'github.com' ? 'https://api.github.com' : `https://${name}/api/v3`;
    },
    keysPath: segmented,
    headers: (token) => ({
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${token}`,
      'x-github-api-version': '2022-11-28',
    }),
    pageQuery: (page) => `per_page=100&page=${page}`,
    createBody: (key) => ({ title: key.title, key: key.publicKey, read_only: key.readOnly }),
    permission: 'administer the repository (fine-grained: Administration, read and write; classic: `repo`)',
  },
  gitlab: {
    label: 'GitLab',
    defaultBase: (host) => `https://${publicHosts[host] ?? host}/api/v4`,
    keysPath: (segments) => `/projects/${encodeURIComponent(segments.join('/'))}/deploy_keys`,
    // Bearer is accepted for personal, project, group and OAuth tokens alike.
    headers: (token) => ({ authorization: `Bearer ${token}` }),
    pageQuery: (page) => `per_page=100&page=${page}`,
    createBody: (key) => ({
      title: key.title,
      key: key.publicKey,
      can_push: !key.readOnly,
      expires_at: key.expiresAt.toISOString(),
    }),
    permission: 'maintain the project (scope `api`)',
  },
};
