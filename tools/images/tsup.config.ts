import { programConfig } from '../../tsup.base.ts';

export default programConfig(['src/bundle/main.ts']);
