import type { Options } from 'tsup';
import { bundleConfig } from '../../tsup.base.ts';

/** The SDK's default validator, which this server never uses, is a fifth of what would be read at every start. */
const noAjv: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'no-ajv',
  setup(build) {
    build.onResolve({ filter: /^@modelcontextprotocol\/server\/_shims$/ }, () => ({
      path: 'shims',
      namespace: 'no-ajv',
    }));
    build.onLoad({ filter: /.*/, namespace: 'no-ajv' }, () => ({
      contents:
        "export class DefaultJsonSchemaValidator {}\nexport { default as process } from 'node:process';",
    }));
  },
};

const [library, program] = bundleConfig({
  library: ['src/index.ts'],
  program: ['src/main.ts'],
}) as unknown as [Options, Options];

export default [library, { ...program, esbuildPlugins: [...(program.esbuildPlugins ?? []), noAjv] }];
