import type { EffectiveAgent, GitRepoManifest } from '@bot-bottle/manifest';
import { sampleAgent } from './sample-agent.ts';

/** A repository `name` at git.example.com with the default policy. */
export function sampleRepo(name: string, changes: Partial<GitRepoManifest> = {}): GitRepoManifest {
  return {
    name,
    url: `ssh://git@git.example.com/org/${name}.git`,
    user: 'git',
    host: 'git.example.com',
    port: 22,
    path: `/org/${name}.git`,
    key: { kind: 'identity', path: '/nonexistent/key' },
    hostKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHVucmVhbA==',
    push: {
      branches: ['agent/**'],
      protectDefault: true,
      force: false,
      delete: false,
      tags: false,
      approve: 'on_finding',
      maxBytes: 2 * 1024 ** 3,
      protectedPaths: null,
    },
    ...changes,
  };
}

export function agentWithRepos(...repos: readonly GitRepoManifest[]): EffectiveAgent {
  return sampleAgent({
    bottle: {
      gitGate: {
        user: { name: null, email: null },
        repos: Object.fromEntries(repos.map((repo) => [repo.name, repo])),
      },
    },
  });
}
