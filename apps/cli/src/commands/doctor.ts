import type { CommandContext } from '../command-context.ts';
import { checkMachine } from '../doctor/check-machine.ts';
import { reportOptionsSchema } from '../parse-options.ts';

/** `doctor`: each thing that bottles need or use, with what to do about what is missing. */
export async function doctor(context: CommandContext, given: object): Promise<number> {
  const { json } = reportOptionsSchema.parse(given);
  const checks = await checkMachine(context.io);
  const { printer } = context;
  const isReady = checks.every(({ status }) => status !== 'missing');
  if (json) {
    printer.json({ ok: isReady, checks });
    return isReady ? 0 : 1;
  }
  for (const { name, status, detail, remedy } of checks) {
    const mark = { ok: printer.style('green', '✓'), missing: printer.style('red', '✗'), optional: '–' }[
      status
    ];
    printer.styled(`${mark} ${name.padEnd(18)}${detail}`);
    if (remedy !== null) printer.styled(`${' '.repeat(20)}→ ${remedy}`);
  }
  if (!isReady) printer.note('\nsomething that bottles need is missing');
  return isReady ? 0 : 1;
}
