import { runDlpBench } from './dlp.bench.ts';

for (const { name, mibPerSecond } of await runDlpBench()) {
  process.stdout.write(`${name.padEnd(16)} ${mibPerSecond.toFixed(0).padStart(6)} MiB/s\n`);
}
