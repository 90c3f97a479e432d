import { resolve } from 'node:path';
import {
  botBottleHome,
  copiedRisks,
  copyOut,
  StateStore,
  type CopyOutResult,
  type HostRisk,
} from '@bot-bottle/backend';
import { visibleLine } from '@bot-bottle/audit';
import { z } from 'zod';
import type { CommandContext } from '../command-context.ts';
import { copyProgress } from '../copy/copy-progress.ts';
import { untilSignal } from '../copy/copy-signals.ts';
import { absoluteGuestPath, guestSource } from '../copy/guest-path.ts';
import { remoteBottle } from '../copy/remote-bottle.ts';
import { riskLines, skippedLines } from '../host-hygiene/risk-lines.ts';
import { findBottle } from '../launch/find-bottle.ts';
import { byteSize } from '../output/byte-size.ts';
import type { Printer } from '../output/printer.ts';

const optionsSchema = z.object({ force: z.boolean().default(false), json: z.boolean().default(false) });

/** `cp <slug>:PATH DEST`: a file or folder of a running bottle, and what of it could execute here. */
export async function cp(
  { io, printer }: CommandContext,
  from: string,
  destination: string,
  given: object,
): Promise<number> {
  const options = optionsSchema.parse(given);
  const { slug, path } = guestSource(from, destination);
  const live = await findBottle(io, slug);
  const { metadata } = await new StateStore(botBottleHome(io.env)).read(live.identity);
  const source = absoluteGuestPath(path, metadata.copy_cwd);
  const bottle = remoteBottle(live);
  const progress = copyProgress(io, printer.options.quiet);
  try {
    const target = resolve(io.cwd, destination);
    const result = await untilSignal((signal) =>
      copyOut(bottle, source, target, { force: options.force, signal, onProgress: progress.update }),
    );
    progress.end();
    const risks = await copiedRisks(result, source);
    if (options.json) printer.json(copyJson(result, source, risks));
    else report(printer, result, risks);
    return 0;
  } finally {
    progress.end();
    await bottle.close();
  }
}

function copyJson(result: CopyOutResult, source: string, risks: readonly HostRisk[]): object {
  return {
    source,
    path: result.path,
    files: result.files,
    bytes: result.bytes,
    complaint: result.complaint,
    skipped: result.skipped.map(({ path, why }) => ({ path, why })),
    risks,
  };
}

function report(printer: Printer, result: CopyOutResult, risks: readonly HostRisk[]): void {
  const files = `${result.files} ${result.files === 1 ? 'file' : 'files'}`;
  printer.result(`copied ${files} (${byteSize(result.bytes)}) to ${visibleLine(result.path, 4096)}`);
  if (result.complaint !== null)
    printer.warning(`the bottle could not read everything: ${visibleLine(result.complaint.trimEnd(), 500)}`);
  if (result.skipped.length > 0)
    printer.warning([`not copied: ${result.skipped.length}`, ...skippedLines(result.skipped)].join('\n'));
  if (risks.length > 0) {
    const count = new Set(risks.map(({ path }) => path)).size;
    const head = `${count} of what was copied could execute here; look at it before anything touches the copy:`;
    printer.warning([head, ...riskLines(risks)].join('\n'));
  }
}
