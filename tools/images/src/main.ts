import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { baseRecipe } from './base/base-recipe.ts';
import { chooseBase } from './base/choose-base.ts';
import type { BaseKind } from './base/choose-base.ts';
import { buildImages } from './build-images.ts';
import { catalogue } from './catalogue.ts';
import { makeContext } from './context/make-context.ts';
import { engineArchitecture } from './engine/docker.ts';
import { ImagesError } from './images-error.ts';
import { prepareGitleaks } from './prepare/prepare-gitleaks.ts';
import { readVersions } from './read-versions.ts';
import { sizeTable } from './size-table.ts';
import { architecture, cacheFolder } from './workspace.ts';

const usage = 'usage: npm run images -- [build [--base auto|registry|offline] [image …] | context [image …]]';
const say = (line: string): void => void process.stderr.write(`images: ${line}\n`);

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ImagesError)) throw error;
  say(error.message);
  process.exitCode = error.code === 'invalid_arguments' ? 2 : 1;
}

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parse(args);
  const [command = 'build', ...names] = positionals;
  if (command === 'context') return await contexts(chosen(names));
  if (command === 'build') return await build(baseKind(values.base), chosen(names));
  throw new ImagesError('invalid_arguments', `unknown command "${command}"\n${usage}`);
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { base: { type: 'string', default: 'auto' } },
    });
  } catch (cause) {
    throw new ImagesError('invalid_arguments', usage, { cause });
  }
}

function baseKind(text: string): BaseKind {
  if (text === 'auto' || text === 'registry' || text === 'offline') return text;
  throw new ImagesError('invalid_arguments', `--base is auto, registry or offline\n${usage}`);
}

function chosen(names: readonly string[]): typeof catalogue {
  const unknown = names.find((name) => !catalogue.some((each) => each.name === name));
  if (unknown !== undefined) throw new ImagesError('invalid_arguments', `there is no image "${unknown}"`);
  return names.length === 0 ? catalogue : catalogue.filter(({ name }) => names.includes(name));
}

async function build(kind: BaseKind, images: typeof catalogue): Promise<void> {
  const engine = await engineArchitecture();
  if (engine === null) {
    const isRequired = (process.env['BOT_BOTTLE_REQUIRE'] ?? '').split(',').includes('docker');
    if (isRequired)
      throw new ImagesError('missing', 'BOT_BOTTLE_REQUIRE names docker, but no engine answers');
    return say('no Docker engine answers, nothing is built: sh tools/engine.sh start');
  }
  const versions = await readVersions();
  const named = process.env['BOT_BOTTLE_BASE_IMAGE'];
  const base = await chooseBase({ kind, versions, recipe: baseRecipe(versions, engine), named, say });
  const { rows, failures } = await buildImages(images, {
    base,
    versions,
    canPrepare: engine === architecture,
    say,
  });
  if (images.length === catalogue.length) {
    await mkdir(cacheFolder, { recursive: true });
    await writeFile(join(cacheFolder, 'sizes.json'), `${JSON.stringify(rows, null, 2)}\n`);
  }
  process.stdout.write(`${sizeTable(rows)}\n`);
  if (failures.length > 0) throw new ImagesError('failed', failures.join('\n'));
}

/** Lays out build contexts for another builder, with what cannot be had inside a build. */
async function contexts(images: typeof catalogue): Promise<void> {
  const { gitleaks } = await readVersions();
  for (const image of images) {
    const prepared = image.prepared === 'gitleaks' ? { gitleaks: await prepareGitleaks(gitleaks, say) } : {};
    process.stdout.write(`${await makeContext(image, prepared)}\n`);
  }
}
