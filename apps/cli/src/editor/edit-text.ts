import { lstat, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings, botBottleHome, ensureHome } from '@bot-bottle/backend';
import { ManifestErrors, renderManifestError } from '@bot-bottle/manifest';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { askLine } from '../terminal/prompts.ts';
import { editorCommand } from './editor-command.ts';
import { runEditor } from './run-editor.ts';
import { TextProblems } from './text-problems.ts';

/** Most bytes that are read back. */
const MAX_BYTES = 256 * 1024;

export interface EditRequest<T> {
  /** name of the file in the editor and in messages */
  readonly name: string;
  readonly text: string;
  /** what is said when nothing happens, e.g. `nothing was decided` */
  readonly nothing: string;
  /** Reads what was written. @throws {ManifestErrors} or TextProblems */
  parse(text: string): T;
}

/**
 * Lets the operator edit a text until it is valid. The file is private to him and gone when this returns, on every path.
 *
 * @returns null when he left it as it was
 * @throws CliError `failed` when the editor failed or the file was emptied, `refused` when it stayed invalid
 */
export async function editText<T>(context: CommandContext, request: EditRequest<T>): Promise<T | null> {
  const home = botBottleHome(context.io.env);
  await ensureHome(home);
  const editor = editorCommand((await loadSettings(home)).editor, context.io.env);
  let { text } = request;
  for (;;) {
    text = await editOnce(context, editor, { name: request.name, text, nothing: request.nothing });
    if (text === request.text) return null;
    try {
      return request.parse(text);
    } catch (error) {
      for (const problem of problemsOf(error)) context.printer.error(problem);
      const again = await askLine('Edit it again? [Y/n]');
      if (again !== null && /^(?:y(?:es)?)?$/i.test(again.trim())) continue;
      throw new CliError('refused', `${request.name} is not valid: ${request.nothing}`);
    }
  }
}

/** @throws what is no problem of the text */
function problemsOf(error: unknown): readonly string[] {
  if (error instanceof TextProblems) return error.problems;
  if (ManifestErrors.isInstance(error)) return error.errors.map(renderManifestError);
  throw error;
}

async function editOnce(
  { io }: CommandContext,
  editor: readonly [string, ...string[]],
  { name, text, nothing }: { readonly name: string; readonly text: string; readonly nothing: string },
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bot-bottle-edit-'));
  try {
    const file = join(folder, name);
    await writeFile(file, text, { mode: 0o600, flag: 'wx' });
    await runEditor(editor, file, io).catch((error: unknown) => {
      if (!CliError.isInstance(error) || error.code !== 'failed') throw error;
      throw new CliError('failed', `${error.message}: ${nothing}`, { hint: error.hint });
    });
    const edited = await readBack(file).catch(() => null);
    if (edited === null)
      throw new CliError('failed', `what the editor left is no text that can be read: ${nothing}`);
    if (edited.trim() === '') throw new CliError('failed', `the file was emptied: ${nothing}`);
    return edited;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Rejects what is no regular file, too large, or not UTF-8. */
async function readBack(file: string): Promise<string | null> {
  const info = await lstat(file);
  if (!info.isFile() || info.size > MAX_BYTES) return null;
  return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
}
