import { bundleConfig } from '../../tsup.base.ts';

export default bundleConfig({ library: ['src/index.ts'], program: ['src/main.ts'] });
