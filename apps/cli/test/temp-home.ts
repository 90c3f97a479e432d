import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { runCli } from '../src/run-cli.ts';
import { fakeIo } from './fake-io.ts';

export interface TempHome {
  readonly dir: string;
  readonly home: string;
  readonly cwd: string;
  write(path: string, text: string): string;
  cli(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Outcome>;
}

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A home with one bottle and agent, a folder to be in, and the CLI called in this process. */
export function tempHome(): TempHome {
  const dir = mkdtempSync(join(tmpdir(), 'bb-cli-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const home = join(dir, 'home');
  const cwd = join(dir, 'work');
  mkdirSync(home, { mode: 0o700 });
  mkdirSync(cwd);
  mkdirSync(join(dir, 'run'), { mode: 0o700 });
  const write = (path: string, text: string): string => {
    const file = join(dir, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  write('home/bottles/plain.md', '---\nagent_provider: { template: command }\nsupervise: false\n---\n');
  write('home/agents/worker.md', '---\nbottle: plain\n---\nBe careful.\n');
  return {
    dir,
    home,
    cwd,
    write,
    cli: async (args, env = {}) => {
      const surroundings = {
        BOT_BOTTLE_HOME: home,
        XDG_RUNTIME_DIR: join(dir, 'run'),
        HOME: dir,
        PATH: process.env['PATH'],
      };
      const io = fakeIo({ ...surroundings, ...env }, cwd);
      const code = await runCli(args, io);
      return { code, out: io.out(), err: io.err() };
    },
  };
}
