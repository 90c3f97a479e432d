import path from 'node:path';
import { checkBoundaries } from './check-boundaries.ts';
import { readWorkspace } from './read-workspace.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const { packages, rootDependencies } = readWorkspace(root);
const problems = checkBoundaries(packages, rootDependencies);
for (const problem of problems) process.stderr.write(`${problem}\n`);
const files = packages.reduce((sum, each) => sum + each.files.length, 0);
process.stdout.write(
  `boundaries: ${packages.length} packages, ${files} files, ${problems.length} problems\n`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
