import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GitAnswer } from '../agent-report.ts';

/** A file's content, null to remove it. */
type Commit = readonly [file: string, content: string | null, message: string];

/** The agent's clone of the demo's repository. */
export class Clone {
  readonly #home: string;
  readonly #folder: string;

  constructor(home: string) {
    this.#home = home;
    this.#folder = join(home, 'demo');
  }

  clone(remote: string): GitAnswer {
    return this.#git('clone', remote, this.#folder);
  }

  /** Makes a branch with these commits from what the upstream has, and pushes it. */
  push(branch: string, commits: readonly Commit[]): GitAnswer {
    this.#git('switch', '--quiet', '--create', branch, 'origin/main');
    for (const [file, content, message] of commits) {
      if (content === null) rmSync(join(this.#folder, file));
      else writeFileSync(join(this.#folder, file), content);
      this.#git('add', '--all');
      this.#git('commit', '--quiet', '--message', message);
    }
    return this.#git('push', 'origin', `HEAD:refs/heads/${branch}`);
  }

  #git(...args: string[]): GitAnswer {
    const { status, stdout, stderr, error } = spawnSync('git', args, {
      cwd: existsSync(this.#folder) ? this.#folder : this.#home,
      encoding: 'utf8',
      timeout: 20_000,
    });
    return { code: status, said: `${stdout}${stderr}${error?.message ?? ''}`.slice(0, 8000) };
  }
}
