import type { Prunable } from '@bot-bottle/backend-docker';
import type { CommandContext } from '../command-context.ts';
import { openImages } from '../images/open-images.ts';
import { byteSize } from '../output/byte-size.ts';
import { renderTable } from '../output/table.ts';
import { reportOptionsSchema } from '../parse-options.ts';
import { confirm } from '../terminal/prompts.ts';

/** `images prune`: removes old images of ours and the idle shared bridge, after one confirmation. */
export async function imagesPrune(context: CommandContext, given: object): Promise<number> {
  const { printer } = context;
  const { json, yes } = reportOptionsSchema.parse(given);
  const { images, named } = await openImages(context);
  const found = await images.prunable(named.map(({ wanted }) => wanted));
  if (found.length === 0) {
    if (json) printer.json({ removed: [], kept: [], failed: [] });
    else printer.note('nothing is old or idle');
    return 0;
  }
  const table = renderTable(
    ['KIND', 'NAME', 'SIZE'],
    found.map(({ kind, reference, bytes }) => [kind, reference, bytes === null ? '' : byteSize(bytes)]),
  );
  // Stdout is for the JSON then, but nobody is asked about what was not shown.
  if (!json) printer.result(table);
  else if (!yes) printer.asked(table);
  const question = `Remove ${found.length === 1 ? 'it' : `all ${found.length}`}?`;
  if (!yes && !(await confirm(question, 'confirm beforehand with --yes'))) {
    printer.note('nothing was removed');
    return 1;
  }
  const outcome = await removeAll(found, context);
  if (json) printer.json(outcome);
  else printer.note(`removed ${outcome.removed.length} of ${found.length}`);
  return outcome.failed.length === 0 ? 0 : 1;
}

interface Outcome {
  readonly removed: string[];
  /** in use by now */
  readonly kept: string[];
  readonly failed: string[];
}

async function removeAll(
  found: readonly Prunable[],
  { printer }: Pick<CommandContext, 'printer'>,
): Promise<Outcome> {
  const outcome: Outcome = { removed: [], kept: [], failed: [] };
  for (const each of found) {
    try {
      if (await each.remove()) outcome.removed.push(each.reference);
      else {
        outcome.kept.push(each.reference);
        printer.note(`${each.reference} is in use by now, and was kept`);
      }
    } catch (error) {
      outcome.failed.push(each.reference);
      const why = error instanceof Error ? error.message : 'could not be removed';
      printer.warning(`${each.reference}: ${why}`);
    }
  }
  return outcome;
}
