import type { ListedImage } from '@bot-bottle/backend-docker';
import type { CommandContext } from '../command-context.ts';
import { openImages } from '../images/open-images.ts';
import { byteSize } from '../output/byte-size.ts';
import { renderTable } from '../output/table.ts';
import { reportOptionsSchema } from '../parse-options.ts';

/** `images list`: what the engine has of ours. */
export async function imagesList(context: CommandContext, given: object): Promise<number> {
  const { printer } = context;
  const { json } = reportOptionsSchema.parse(given);
  const { images, named } = await openImages(context);
  const found = await images.list(named.map(({ wanted }) => wanted));
  if (json) printer.json(found.map(factsOf));
  else if (found.length === 0) printer.note('the engine has no image of ours; a launch builds what it needs');
  else
    printer.result(
      renderTable(
        ['NAME', 'TAG', 'SIZE', 'CREATED', 'STATE'],
        found.map((image) => [
          image.name,
          image.tag,
          byteSize(image.bytes),
          createdAt(image),
          [image.isCurrent ? 'current' : 'old', ...(image.inUse ? ['in use'] : [])].join(', '),
        ]),
      ),
    );
  return 0;
}

const createdAt = ({ created }: ListedImage): string => new Date(created * 1000).toISOString().slice(0, 19);

function factsOf(image: ListedImage): object {
  const { name, reference, tag, id, bytes, isCurrent, inUse } = image;
  return {
    name,
    reference,
    tag,
    id,
    bytes,
    created: `${createdAt(image)}Z`,
    current: isCurrent,
    in_use: inUse,
  };
}
