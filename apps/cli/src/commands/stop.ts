import { ControlClient } from '@bot-bottle/backend';
import type { CommandContext } from '../command-context.ts';
import { findBottle } from '../launch/find-bottle.ts';
import { reportError } from '../output/report-error.ts';

/** `stop <slug>…`: ends bottles and waits until nothing of them runs. */
export async function stop({ io, printer }: CommandContext, slugs: readonly string[]): Promise<number> {
  const codes = await Promise.all(
    slugs.map(async (slug) => {
      try {
        const bottle = await findBottle(io, slug);
        await new ControlClient(bottle.socketPath).stop();
        printer.note(`stopped ${bottle.identity}`);
        return 0;
      } catch (error) {
        return reportError(error, printer);
      }
    }),
  );
  return Math.max(...codes);
}
