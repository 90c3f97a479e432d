import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { notificationSchema } from '../src/index.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));

test('the example of the README prints what the README says', async () => {
  const readme = await readFile(`${folder}/README.md`, 'utf8');
  const block = (kind: string): string =>
    new RegExp(`^\`\`\`${kind}\n(.*?)^\`\`\``, 'ms').exec(readme)?.[1] ?? '';
  const env = { ...process.env, FORCE_COLOR: '0' };
  const argv = ['--conditions=@bot-bottle/source', '--input-type=module-typescript', '--eval', block('ts')];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { cwd: folder, env });
  expect(stdout).toBe(block('text'));
});

test('the notification of the README follows the schema', async () => {
  const readme = await readFile(`${folder}/README.md`, 'utf8');
  const json = /^```json\n(.*?)^```/ms.exec(readme)?.[1] ?? '';
  expect(notificationSchema.parse(JSON.parse(json))).toMatchObject({ event: 'proposal' });
});
