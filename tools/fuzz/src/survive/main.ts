import { parseArgs } from 'node:util';
import { survive } from './survive.ts';

const { values } = parseArgs({
  options: {
    bytes: { type: 'string', default: '10000000' },
    requests: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const seed = Number(values.seed);
let next = 0;
process.stderr.write(`survive: seed ${seed}\n`);
const result = await survive({
  bytes: Number(values.bytes),
  requests: Number(values.requests),
  seed,
  isBuilt: true,
  progress: (text) => {
    if (performance.now() < next) return;
    next = performance.now() + 15_000;
    process.stderr.write(`survive: ${text}\n`);
  },
});
process.stdout.write(`${JSON.stringify({ seed, ...result }, null, 2)}\n`);
process.exit(0);
