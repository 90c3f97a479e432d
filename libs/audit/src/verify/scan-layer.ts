import { basename } from 'node:path';
import { isGenuine, parseLine } from '../audit-line.ts';
import { layerFiles } from '../audit-paths.ts';
import type { Layer } from '../events.ts';
import { readFileLines } from '../file-lines.ts';
import type { ScannedLayer, ScannedLine } from './contracts.ts';

function scanLine(text: string, file: string, line: number, layer: Layer, bottle: string): ScannedLine {
  const parsed = parseLine(text);
  if (parsed === null) return { file, line, seq: null, prev: '', hash: '', action: '', genuine: false };
  const genuine = parsed.layer === layer && parsed.bottle === bottle && isGenuine(text, parsed);
  const { seq, prev, hash, action } = parsed;
  return { file, line, seq, prev, hash, action, genuine };
}

/** Reads every file of a layer in the order of its chain. */
export async function scanLayer(
  folder: string,
  bottle: string,
  layer: Layer,
  signal?: AbortSignal,
): Promise<ScannedLayer> {
  const lines: ScannedLine[] = [];
  const files = await layerFiles(folder, layer);
  let torn = false;
  for (const path of files) {
    const file = basename(path);
    let number = 0;
    for await (const { text, complete } of readFileLines(path, { signal })) {
      number += 1;
      if (!complete && path === files.at(-1)) {
        torn = true;
        continue;
      }
      const line = scanLine(text, file, number, layer, bottle);
      // Only a whole file is ever rotated.
      lines.push(complete ? line : { ...line, genuine: false });
    }
  }
  return { layer, lines, files: files.length, currentFile: `${layer}.jsonl`, torn };
}
