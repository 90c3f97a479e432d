import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { call, mcpClient } from './support/mcp-client.ts';
import { startProgram } from './support/program.ts';
import { tempDir } from './support/temp-dir.ts';

it('answers as the README shows it', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const [, script = ''] = /^cat > answer\.mjs <<'JS'\n(.*?)^JS$/ms.exec(readme) ?? [];
  const cwd = await tempDir();
  for (const name of ['proposals', 'responses']) await mkdir(join(cwd, name), { mode: 0o700 });
  await symlink(fileURLToPath(new URL('../../../node_modules', import.meta.url)), join(cwd, 'node_modules'));
  await writeFile(join(cwd, 'answer.mjs'), script);
  const { logged } = startProgram({
    SUPERVISE_LISTEN: '127.0.0.1:0',
    SUPERVISE_BOTTLE_SLUG: 'demo',
    SUPERVISE_PROPOSALS: join(cwd, 'proposals'),
    SUPERVISE_RESPONSES: join(cwd, 'responses'),
    SUPERVISE_RESPONSE_TIMEOUT_SECONDS: '0.1',
  });
  const { address } = await logged('listening');
  const client = await mcpClient(new URL(`http://${String(address)}/mcp`));
  const { said } = await call(client, 'egress-block', { host: 'api.example.com', justification: 'to test' });
  const [file = ''] = await readdir(join(cwd, 'proposals'));
  const args = [
    '--conditions=@bot-bottle/source',
    'answer.mjs',
    `proposals/${file}`,
    'approved',
    'until tonight',
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd });
  expect(stdout).toContain('because   to test');
  const checked = await call(client, 'check-proposal', { id: said['id'] });
  expect(checked.said).toMatchObject({ status: 'approved', notes: 'until tonight' });
});
