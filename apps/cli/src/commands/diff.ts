import { posix } from 'node:path';
import { stat } from 'node:fs/promises';
import {
  botBottleHome,
  diffWorkspace,
  guestWorkspace,
  StateStore,
  type Metadata,
  type WorkspaceDiff,
} from '@bot-bottle/backend';
import { z } from 'zod';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { copyProgress } from '../copy/copy-progress.ts';
import { untilSignal } from '../copy/copy-signals.ts';
import { remoteBottle } from '../copy/remote-bottle.ts';
import { diffJson, diffLines } from '../host-hygiene/diff-report.ts';
import { findBottle } from '../launch/find-bottle.ts';
import { visibleLine } from '@bot-bottle/audit';

const optionsSchema = z.object({ patch: z.boolean().default(false), json: z.boolean().default(false) });

/** `diff <slug> [PATH]`: what the agent changed in its workspace, first what of it could execute here. */
export async function diff(
  { io, printer }: CommandContext,
  slug: string,
  path: string | null,
  given: object,
): Promise<number> {
  const options = optionsSchema.parse(given);
  const only = workspacePath(path);
  const live = await findBottle(io, slug);
  const { metadata } = await new StateStore(botBottleHome(io.env)).read(live.identity);
  const source = await sourceOf(live.identity, metadata);
  const started = new Date(metadata.started_at ?? '');
  const bottle = remoteBottle(live);
  const progress = copyProgress(io, printer.options.quiet);
  let found: WorkspaceDiff;
  try {
    found = await untilSignal((signal) =>
      diffWorkspace(bottle, {
        guestPath: guestWorkspace,
        source,
        since: Number.isNaN(started.getTime()) ? null : started,
        only,
        texts: options.patch,
        signal,
        onProgress: progress.update,
      }),
    );
  } finally {
    progress.end();
    await bottle.close();
  }
  if (found.complaint !== null) {
    const said = visibleLine(found.complaint.trimEnd(), 500);
    printer.warning(`the bottle could not read everything, and that looks deleted: ${said}`);
  }
  if (options.json) printer.json({ identity: live.identity, source, ...diffJson(found, options.patch) });
  else printer.result(diffLines(found, options.patch).join('\n'));
  return 0;
}

/** Relative to the workspace; null: all of it. */
function workspacePath(path: string | null): string | null {
  if (path === null) return null;
  const relative = posix.relative(guestWorkspace, posix.resolve(guestWorkspace, path));
  if (relative === '..' || relative.startsWith('../'))
    throw new CliError('usage', `${JSON.stringify(path)} does not lie in the workspace`);
  return relative === '' ? null : relative;
}

async function sourceOf(identity: string, { cwd, copy_cwd: isCopied }: Metadata): Promise<string> {
  if (cwd === null || !isCopied) {
    throw new CliError('refused', `${identity} was started without --cwd: there is nothing to compare with`, {
      hint: `bot-bottle cp ${identity}:PATH DEST copies out of it`,
    });
  }
  const found = await stat(cwd).catch(() => null);
  if (found?.isDirectory() === true) return cwd;
  throw new CliError('refused', `${cwd}, from which the workspace was copied, is not there any more`);
}
