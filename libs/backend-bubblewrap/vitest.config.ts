import { mergeConfig } from 'vitest/config';
import { defineTestConfig } from '../../vitest.base.ts';
import { findBwrap } from './src/find-bwrap.ts';

const required = (process.env['BOT_BOTTLE_REQUIRE'] ?? '').split(',').includes('bubblewrap');
const missing = findBwrap(process.env['PATH']) === null && !required;
if (missing) process.stderr.write('skipped: tests with real bottles, bwrap is not installed\n');

export default mergeConfig(defineTestConfig('backend-bubblewrap', { testTimeout: 60_000 }), {
  test: { exclude: missing ? ['test/{backend,escape,limits,probe,process}-*.test.ts'] : [] },
});
