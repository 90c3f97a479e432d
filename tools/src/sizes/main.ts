import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { checkSizes, MAX_LINES } from './check-sizes.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const paths = globSync('{libs,apps,sidecars,tools}/**/*.ts', {
  cwd: root,
  exclude: (name) => ['node_modules', 'dist', 'fixtures'].includes(name),
});
if (paths.length === 0) throw new Error('no sources found: the check would prove nothing');
const report = checkSizes(
  paths.map((file) => ({
    path: file,
    lines: readFileSync(path.join(root, file), 'utf8').split('\n').length - 1,
  })),
);
for (const file of report.tooLong) {
  process.stderr.write(`${file.path}: ${file.lines} lines, at most ${MAX_LINES} are allowed: split it\n`);
}
process.stdout.write(
  `sizes: ${report.files} files, ${report.lines} lines, median ${report.median}, p95 ${report.p95}\n`,
);
process.exitCode = report.tooLong.length === 0 ? 0 : 1;
