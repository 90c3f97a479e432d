import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import type { BenchRow } from './bench-row.ts';
import { dlpBench } from './dlp/dlp-bench.ts';
import { linearityBench } from './dlp/linearity-bench.ts';
import { dockerBench } from './docker/docker-bench.ts';
import { egressBench } from './egress/egress-bench.ts';
import { gitGateBench } from './git-gate/git-gate-bench.ts';
import { renderTable } from './render-table.ts';
import { startUpBench } from './start-up/start-up-bench.ts';

const suites: Readonly<Record<string, () => Promise<BenchRow[]>>> = {
  dlp: dlpBench,
  'dlp-linear': linearityBench,
  egress: egressBench,
  'start-up': startUpBench,
  docker: dockerBench,
  'git-gate': gitGateBench,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(suites, name));
if (unknown.length > 0) {
  process.stderr.write(
    `bench: no suite "${unknown.join('", "')}"; there are ${Object.keys(suites).join(', ')}\n`,
  );
  process.exit(2);
}

const rows: BenchRow[] = [];
for (const [name, run] of Object.entries(suites)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stderr.write(`bench: ${name}\n`);
  rows.push(...(await run()));
}

const root = path.resolve(import.meta.dirname, '../../..');
const folder = path.join(root, 'bench-results');
mkdirSync(folder, { recursive: true });
const file = path.join(folder, 'bench.json');
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version };
writeFileSync(
  file,
  `${JSON.stringify({ commit, time: new Date().toISOString(), machine, rows }, null, 2)}\n`,
);
process.stdout.write(`${renderTable(rows)}\n`);
process.stderr.write(`bench: written to ${path.relative(root, file)}\n`);
