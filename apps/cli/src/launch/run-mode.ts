import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { RunMode } from '@bot-bottle/backend';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import type { LaunchCommandOptions } from '../parse-options.ts';

/**
 * How the options want the agent's program to be run.
 *
 * @throws CliError `usage`, `not_found` for a prompt file
 */
export async function runMode({ io }: CommandContext, options: LaunchCommandOptions): Promise<RunMode> {
  const { headless, prompt, promptFile, detach } = options;
  if (prompt !== null && promptFile !== null) {
    throw new CliError('usage', '--prompt and --prompt-file exclude each other');
  }
  if (options.json && !options.dryRun && (!headless || detach))
    throw new CliError('usage', '--json tells of a dry run, or of a headless one', {
      hint: 'add --dry-run, or --headless with a prompt',
    });
  if (!headless) {
    if (prompt !== null || promptFile !== null) throw new CliError('usage', 'a prompt needs --headless');
    return { kind: 'interactive' };
  }
  if (detach) throw new CliError('usage', '--headless and --detach exclude each other');
  const given = prompt ?? (promptFile === null ? null : await readPrompt(io.cwd, promptFile, io.stdin));
  if (given === null || given.trim() === '') {
    throw new CliError('usage', 'a headless run needs a prompt', {
      hint: '--prompt TEXT or --prompt-file PATH',
    });
  }
  return { kind: 'headless', prompt: given };
}

async function readPrompt(cwd: string, path: string, stdin: NodeJS.ReadStream): Promise<string> {
  if (path === '-') return await text(stdin);
  try {
    return await readFile(resolve(cwd, path), 'utf8');
  } catch {
    throw new CliError('not_found', `the prompt file ${path} cannot be read`);
  }
}
