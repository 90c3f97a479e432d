import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { allTargets } from '../targets/all-targets.ts';
import { runTarget } from './run-target.ts';
import type { FuzzTarget } from './target.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    /** a saved input, fed alone */
    input: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
const wanted = positionals.includes('all')
  ? allTargets
  : positionals.flatMap((name) => allTargets.find((target) => target.name === name) ?? []);
const isUsable = wanted.length > 0 && seconds > 0 && Number.isInteger(seed);
if (!isUsable || (!positionals.includes('all') && wanted.length !== positionals.length)) {
  const names = allTargets.map(({ name, about }) => `  ${name.padEnd(18)} ${about}\n`).join('');
  process.stderr.write(
    `usage: npm run fuzz -- <target>… [--seconds N] [--seed S] [--input FILE]; all: every target\n${names}`,
  );
  process.exit(2);
}

async function replay(target: FuzzTarget, file: string): Promise<void> {
  const open = await target.open();
  try {
    const accepted = await open.run(readFileSync(file));
    process.stdout.write(
      `${target.name}: nothing is broken, the input is ${accepted ? '' : 'not '}accepted\n`,
    );
  } finally {
    await open.close?.();
  }
}

let failed = false;
for (const target of wanted) {
  if (values.input !== undefined) {
    await replay(target, path.resolve(process.env['INIT_CWD'] ?? '', values.input));
    continue;
  }
  const begun = performance.now();
  const { inputs, bytes, accepted, heapGrowthMiB, crash } = await runTarget(target, { seconds, seed });
  const took = ((performance.now() - begun) / 1000).toFixed(0);
  const heap =
    heapGrowthMiB === null ? '' : `, heap ${heapGrowthMiB >= 0 ? '+' : ''}${heapGrowthMiB.toFixed(1)} MiB`;
  process.stdout.write(
    `${target.name}: ${inputs} inputs, ${bytes} bytes, ${accepted} accepted, ${took} s, seed ${seed}${heap}\n`,
  );
  if (crash === null) continue;
  failed = true;
  process.stdout.write(
    `${target.name}: ${crash.message}\n  minimal input: ${JSON.stringify(crash.minimal.toString('latin1')).slice(0, 2000)}\n` +
      `  saved: ${crash.file}\n  again: npm run fuzz -- ${target.name} --input ${crash.file}\n`,
  );
}
process.exit(failed ? 1 : 0);
