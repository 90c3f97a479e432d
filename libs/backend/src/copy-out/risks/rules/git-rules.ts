import type { PathRule } from '../path-rule.ts';

/** githooks(5), git-config(1), gitattributes(5), gitmodules(5), gitrepository-layout(5). */
export const gitRules: readonly PathRule[] = [
  {
    kind: 'git',
    why: 'is a git hook: git runs it',
    paths: ['.git/hooks/**', '.git/modules/**/hooks/**', '.git/worktrees/**/hooks/**'],
    except: ['.git/hooks/*.sample', '.git/modules/**/hooks/*.sample'],
  },
  {
    kind: 'git',
    why: 'configures git',
    paths: [
      '.git/config',
      '.git/config.worktree',
      '.git/modules/**/config',
      '.git/modules/**/config.worktree',
      '.git/worktrees/**/config.worktree',
    ],
    check: 'git-config',
  },
  {
    kind: 'git',
    why: 'is configuration that git includes or reads from a home',
    paths: ['.gitconfig', '.config/git/**', '.gitconfig.*', '*.gitconfig', 'gitconfig'],
  },
  {
    kind: 'git',
    why: 'points git at a repository elsewhere, with its own hooks and configuration',
    paths: ['.git', '.git/commondir', '.git/modules/**/commondir', '.git/worktrees/**/commondir'],
  },
  {
    kind: 'git',
    why: 'makes git read objects from elsewhere',
    paths: ['.git/objects/info/alternates', '.git/modules/**/objects/info/alternates'],
  },
  {
    kind: 'git',
    why: 'names filters or drivers that git runs',
    paths: ['.gitattributes', '.git/info/attributes', '.git/modules/**/info/attributes'],
    check: 'git-attributes',
  },
  {
    kind: 'git',
    why: 'makes git fetch and check out other repositories (submodules)',
    paths: ['.gitmodules'],
  },
  {
    kind: 'git',
    why: 'holds commands that git runs when the rebase goes on',
    paths: ['.git/**/git-rebase-todo*', '.git/**/sequencer/todo'],
    check: 'git-todo',
  },
  {
    kind: 'git',
    why: 'is a hook, or says which ones are run',
    paths: [
      '.githooks/**',
      '.husky/**',
      '.huskyrc*',
      'husky.config.*',
      'lefthook*.y*ml',
      '.lefthook*',
      'lefthook.toml',
      'lefthook.json',
      '.pre-commit-config.y*ml',
      '.pre-commit-hooks.y*ml',
      'prek.toml',
      '.overcommit.yml',
      '.lintstagedrc*',
      'lint-staged.config.*',
      '.simple-git-hooks*',
      'simple-git-hooks.*',
    ],
  },
];
