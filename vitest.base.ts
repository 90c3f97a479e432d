import { defineConfig } from 'vitest/config';

const conditions = ['@bot-bottle/source', 'node', 'import', 'default'];

/** The settings every package's tests share: sources of the neighbours, no hidden globals. */
export function defineTestConfig(
  name: string,
  overrides: {
    testTimeout?: number;
    fileParallelism?: boolean;
    maxWorkers?: number;
    include?: string[];
    exclude?: string[];
    /** false: all files in one process, their modules loaded once; for tests that change nothing of the process */
    isolate?: boolean;
  } = {},
) {
  return defineConfig({
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: {
      name,
      include: ['test/**/*.test.ts'],
      testTimeout: 20_000,
      hookTimeout: 30_000,
      // The default of one second is not much on two busy cores.
      expect: { poll: { timeout: 10_000 } },
      ...overrides,
    },
  });
}
