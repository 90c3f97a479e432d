import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as pipelock from '@bot-bottle/pipelock';
import { expect, it } from 'vitest';

const folder = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(`${folder}/README.md`, 'utf8');

it('the example of the README prints what the README says', async () => {
  const block = (kind: string): string =>
    new RegExp(`^\`\`\`${kind}\n(.*?)^\`\`\``, 'ms').exec(readme)?.[1] ?? '';
  const env = { ...process.env, FORCE_COLOR: '0' };
  const argv = ['--conditions=@bot-bottle/source', '--input-type=module-typescript', '--eval', block('ts')];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { cwd: folder, env });
  expect(stdout).toBe(block('text'));
});

it('the README lists exactly what is exported', () => {
  const table = readme.slice(readme.indexOf('| export |'), readme.indexOf('`@bot-bottle/pipelock/testing`'));
  const rows = [...table.matchAll(/^\| (.*?) \|/gm)].map((match) => match[1] ?? '').join(' ');
  const names = [...rows.matchAll(/`([A-Za-z]+)[`(]/g)].map((match) => match[1] ?? '');
  expect(names.toSorted()).toEqual(Object.keys(pipelock).toSorted());
});
