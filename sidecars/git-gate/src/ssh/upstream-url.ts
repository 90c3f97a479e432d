import { gateRepoSchema } from '@bot-bottle/git-gate';
import type { GateRepo } from '@bot-bottle/git-gate';

const parts = gateRepoSchema.pick({ user: true, host: true, port: true, path: true });

/**
 * The URL that git gets, made of the checked parts instead of the text of the operator, so that what is shown, what
 * the host key is looked up for and what is connected to are one. No part can start with `-`.
 *
 * @throws ZodError when a part is not what the schema allows
 */
export function upstreamUrl(repo: Pick<GateRepo, 'user' | 'host' | 'port' | 'path'>): string {
  const { user, host, port, path } = parts.parse({
    user: repo.user,
    host: repo.host,
    port: repo.port,
    path: repo.path,
  });
  return `ssh://${user}@${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}${path}`;
}
