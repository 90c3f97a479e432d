import { BackendError } from '@bot-bottle/backend';
import { visibleLine } from '@bot-bottle/audit';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { untilSignal } from '../copy/copy-signals.ts';
import { openImages } from '../images/open-images.ts';
import type { NamedImage } from '../images/wanted-images.ts';
import { renderTable } from '../output/table.ts';
import { reportOptionsSchema } from '../parse-options.ts';

/** `images build [name…]`: what launches would build, beforehand. One that fails keeps no other from being built. */
export async function imagesBuild(
  context: CommandContext,
  names: readonly string[],
  given: object,
): Promise<number> {
  const { printer } = context;
  const { json } = reportOptionsSchema.parse(given);
  const { images, named } = await openImages(context);
  const built: Array<{ name: string; reference: string; built: boolean }> = [];
  const failed: Array<{ name: string; problem: string }> = [];
  await untilSignal(async (signal) => {
    for (const { name, wanted } of chosen(named, names)) {
      try {
        const onProgress = (what: string): void => printer.note(what);
        const { reference, wasBuilt } = await images.build(wanted, { onProgress, signal });
        built.push({ name, reference, built: wasBuilt });
      } catch (error) {
        signal.throwIfAborted();
        if (!BackendError.isInstance(error) || error.code === 'backend_unavailable') throw error;
        const problem = visibleLine(error.message, 500);
        failed.push({ name, problem });
        printer.error(`${name}: ${problem}`, error.hint);
      }
    }
  });
  if (json) printer.json({ images: built, failed });
  else if (built.length > 0)
    printer.result(
      renderTable(
        ['NAME', 'IMAGE', 'DONE'],
        built.map((each) => [each.name, each.reference, each.built ? 'built' : 'was there']),
      ),
    );
  return failed.length === 0 ? 0 : 1;
}

/** Those that were named, else what the bottles of this home need. */
function chosen(named: readonly NamedImage[], names: readonly string[]): readonly NamedImage[] {
  if (names.length === 0) return named.filter(({ isNeeded }) => isNeeded);
  return [...new Set(names)].map((name) => {
    const found = named.find((each) => each.name === name);
    if (found !== undefined) return found;
    throw new CliError('usage', `there is no image ${visibleLine(name, 100)}`, {
      hint: `known images: ${named.map((each) => each.name).join(', ')}`,
    });
  });
}
