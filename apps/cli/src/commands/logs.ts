import { visibleLine } from '@bot-bottle/audit';
import { botBottleHome, sidecarNames, StateStore } from '@bot-bottle/backend';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { watchSignals } from '../launch/watch-signals.ts';
import { findLogs, type BottleLogs } from '../logs/find-logs.ts';
import { followLogs } from '../logs/follow-logs.ts';
import { jsonText } from '../output/json-text.ts';
import { reportOptionsSchema } from '../parse-options.ts';

/** Longest line that is shown, in UTF-16 units. */
const longestLine = 8192;

/** `logs <slug> [sidecar]`: what the sidecars and the owner of a running or kept bottle wrote. */
export async function logs(
  { io, printer }: CommandContext,
  slug: string,
  sidecar: string | null,
  given: object,
): Promise<number> {
  const { json, follow } = reportOptionsSchema.parse(given);
  const found = await findLogs(io, slug);
  checkName(found, sidecar, follow);
  const store = new StateStore(botBottleHome(io.env));
  const isRunning = async (): Promise<boolean> =>
    follow && (await store.holder(found.identity).catch(() => null)) !== null;
  const signals = watchSignals();
  const width = Math.max(...[...found.names, ...sidecarNames].map((name) => name.length));
  let count = 0;
  try {
    const options = { dir: found.dir, only: sidecar, isRunning, signal: signals.signal };
    for await (const { name, line } of followLogs(options)) {
      count += 1;
      if (json) io.stdout.write(`${jsonText({ name, line })}\n`);
      else {
        const prefix = printer.style('cyan', `${visibleLine(name, 64).padEnd(width)} |`);
        printer.styled(`${prefix} ${visibleLine(line, longestLine)}`);
      }
    }
  } finally {
    signals.close();
  }
  if (count === 0 && signals.exitCode === null)
    printer.note(`nothing was logged by ${sidecar ?? found.identity}`);
  return 0;
}

/** A sidecar that has written nothing yet has no log; one that can have none is a mistake. */
function checkName({ identity, names }: BottleLogs, sidecar: string | null, follow: boolean): void {
  if (sidecar === null || names.includes(sidecar)) return;
  const known: readonly string[] = [...sidecarNames, 'owner'];
  if (follow && known.includes(sidecar)) return;
  const have = names.length === 0 ? 'it has none yet' : `it has those of ${names.join(', ')}`;
  throw new CliError('not_found', `${identity} has no log of ${JSON.stringify(sidecar)}: ${have}`);
}
