import { configDefaults } from 'vitest/config';
import { defineTestConfig } from '../../vitest.base.ts';

const config = defineTestConfig('images');

export default {
  ...config,
  test: { ...config.test, exclude: [...configDefaults.exclude, 'test/engine/**'] },
};
