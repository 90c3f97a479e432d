import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runProgram } from './run-program.ts';
import type { Finished, RunProgramOptions } from './run-program.ts';

export interface ClientOptions {
  /** URL as the project writes it → URL at the gate, as the bottle's ~/.gitconfig has it */
  readonly insteadOf?: Readonly<Record<string, string>>;
  /** more of `git -c`, for every command */
  readonly config?: Readonly<Record<string, string>>;
  /** another git */
  readonly git?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A stock git in a home of its own, configured as a bottle configures it. */
export interface Client {
  readonly home: string;
  readonly at: (...path: readonly string[]) => string;
  /** Runs git in `home`, or in the folder that `-C` names. */
  readonly git: (...args: readonly string[]) => Promise<Finished>;
  readonly run: (args: readonly string[], options: RunProgramOptions) => Promise<Finished>;
  /** Stdout, trimmed at its end; throws when git fails. */
  readonly must: (...args: readonly string[]) => Promise<string>;
  /** Writes a file below `home`, with its folders. */
  readonly write: (path: string, content: string | Uint8Array) => Promise<void>;
  /** Writes files, adds everything and commits in the work tree `repo`; gives the commit. */
  readonly commit: (
    repo: string,
    files: Readonly<Record<string, string | Uint8Array>>,
    message?: string,
  ) => Promise<string>;
  readonly remove: () => Promise<void>;
}

export async function createClient(options: ClientOptions = {}): Promise<Client> {
  const home = await mkdtemp('/tmp/git-gate-client-');
  const program = options.git ?? 'git';
  const rewrites = Object.entries(options.insteadOf ?? {}).map(
    ([from, to]) => `[url ${JSON.stringify(to)}]\n\tinsteadOf = ${JSON.stringify(from)}\n`,
  );
  await writeFile(
    join(home, '.gitconfig'),
    `${rewrites.join('')}[user]\n\tname = Agent\n\temail = agent@example.com\n`,
  );
  const config = Object.entries({
    'init.defaultBranch': 'main',
    'advice.detachedHead': 'false',
    ...options.config,
  }).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const run = (args: readonly string[], more: RunProgramOptions = {}): Promise<Finished> =>
    runProgram(program, [...config, ...args], {
      cwd: home,
      ...more,
      env: {
        HOME: home,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_TERMINAL_PROMPT: '0',
        ...options.env,
        ...more.env,
      },
    });
  const must = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(args);
    if (code !== 0) throw new Error(`git ${args.join(' ')}: exit ${code}: ${stderr}`);
    return stdout.replace(/\n$/, '');
  };
  const write = async (path: string, content: string | Uint8Array): Promise<void> => {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), content);
  };
  return {
    home,
    at: (...path) => join(home, ...path),
    git: (...args) => run(args),
    run,
    must,
    write,
    commit: async (repo, files, message = 'a commit') => {
      for (const [path, content] of Object.entries(files)) await write(join(repo, path), content);
      await must('-C', repo, 'add', '-A', '-f');
      await must('-C', repo, 'commit', '-q', '--allow-empty', '-m', message);
      return await must('-C', repo, 'rev-parse', 'HEAD');
    },
    remove: async () => await rm(home, { recursive: true, force: true }),
  };
}
