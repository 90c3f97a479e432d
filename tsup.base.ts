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

/**
 * A package that is also a program. `library` is built like any other; each `program` becomes one
 * self-contained file, so that a sidecar or an image needs nothing but `node` and that file.
 */
export function bundleConfig({ library, program }: { library: string[]; program: string[] }) {
  return defineConfig([
    { ...shared, entry: library },
    {
      ...shared,
      entry: program,
      clean: false,
      noExternal: [/.*/],
      minifySyntax: true,
      banner: {
        js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
      },
      esbuildOptions(options) {
        options.conditions = ['@bot-bottle/source', 'node', 'import'];
      },
    },
  ]);
}
