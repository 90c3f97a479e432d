import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { egressSoak } from './egress-soak.ts';
import { renderSoak } from './render-soak.ts';

const usage = 'usage: npm run soak -- egress [--minutes N] [--phase steady|faults|both] [--seed S]\n';
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '10' },
    phase: { type: 'string', default: 'both' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const seconds = Number(values.minutes) * 60;
const seed = Number(values.seed);
const phases = { steady: [false], faults: [true], both: [false, true] }[values.phase];
if (positionals.join() !== 'egress' || phases === undefined || !(seconds > 0) || !Number.isInteger(seed)) {
  process.stderr.write(usage);
  process.exit(2);
}

let failed = false;
for (const withFaults of phases) {
  const name = withFaults ? 'faults' : 'steady';
  const say = (text: string): void => void process.stderr.write(`soak: ${name}: ${text}\n`);
  say(`${values.minutes} minutes, seed ${seed}`);
  const result = await egressSoak({ seconds, seed, withFaults, isBuilt: true, progress: say });
  process.stdout.write(`${renderSoak(name, result)}\n`);
  const folder = path.resolve(import.meta.dirname, '../../../../bench-results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path.join(folder, `soak-egress-${name}.json`),
    `${JSON.stringify({ seed, ...result }, null, 2)}\n`,
  );
  failed ||= result.problems.length > 0;
}
process.exit(failed ? 1 : 0);
