import { readFileSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

const shared: Options = {
  format: ['esm'],
  target: 'node22',
  platform: 'node',
  dts: false,
  sourcemap: true,
  clean: true,
  splitting: false,
  treeshake: true,
};

/** One published library: its own sources in one file, every dependency left external. */
export function libraryConfig(entry: string[] = ['src/index.ts']) {
  return defineConfig({ ...shared, entry });
}

const head = [
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  // What `z.config({ jitless: true })` does, but before any schema is made. Generating code for a schema takes longer
  // than all that a start parses with it, and what is parsed often is checked as fast without.
  'globalThis.__zod_globalConfig ??= { jitless: true };',
].join('\n');

/** Texts of zod's errors in English: the other fifty languages would be compiled and run at every start. */
const englishOnly: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'zod-english-only',
  setup(build) {
    build.onLoad({ filter: /[/\\]zod[/\\]v4[/\\]locales[/\\]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

/**
 * ssh2 is faster with two native addons and works without: a bundle is one for every machine, so it has neither. ssh2
 * asks for them inside `try`.
 */
const noNativeAddons: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'no-native-addons',
  setup(build) {
    build.onLoad(
      { filter: /[/\\](?:ssh2[/\\]lib[/\\]protocol[/\\]crypto|cpu-features[/\\]lib[/\\]index)\.js$/ },
      ({ path }) => ({
        contents: readFileSync(path, 'utf8').replaceAll(/require\('[^']+\.node'\)/g, 'missing()'),
      }),
    );
  },
};

/**
 * What the client of the Docker engine loads at once and this product never uses: gRPC for sessions of BuildKit, and an SSH
 * client of its own, in whose place the operator's ssh is run.
 */
const noDockerExtras: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'no-docker-extras',
  setup(build) {
    build.onLoad(
      { filter: /[/\\](?:dockerode[/\\]lib[/\\](?:session|buildkit)|docker-modem[/\\]lib[/\\]ssh)\.js$/ },
      () => ({ contents: "module.exports = () => { throw new Error('not in this build'); };" }),
    );
  },
};

export interface Bundle {
  readonly library: string[];
  readonly program: string[];
  /**
   * Whether what the program imports dynamically becomes files of its own, read when needed only; default false, one
   * file, because a sandbox shows a sidecar one file.
   */
  readonly chunks?: boolean;
}

/** Programs that bring every dependency along, so that a sidecar or an image needs nothing but `node` and what is built here. */
export function programConfig(entry: string[], chunks = false): Options {
  return {
    ...shared,
    entry,
    clean: false,
    noExternal: [/.*/],
    minifySyntax: true,
    splitting: chunks,
    esbuildPlugins: [englishOnly, noNativeAddons, noDockerExtras],
    banner: { js: head },
    esbuildOptions(options) {
      options.conditions = ['@bot-bottle/source', 'node', 'import'];
      // CommonJS packages look for files beside them, ssh2 for one of Windows; there is none in a bundle.
      options.define = { ...options.define, __dirname: 'import.meta.dirname' };
    },
  };
}

/** A package that is also a program. `library` is built like any other. */
export function bundleConfig({ library, program, chunks = false }: Bundle): Options[] {
  return [{ ...shared, entry: library }, programConfig(program, chunks)];
}
