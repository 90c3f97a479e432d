import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('starts without loading Node’s own fetch, which takes longer than all of ours', () => {
  const entry = fileURLToPath(new URL('../src/index.ts', import.meta.url));
  const script = `await import(${JSON.stringify(entry)}); process.stdout.write(process.moduleLoadList.join('\\n'));`;
  const loaded = execFileSync(
    process.execPath,
    ['--conditions=@bot-bottle/source', '--input-type=module', '-e', script],
    { encoding: 'utf8' },
  ).split('\n');
  expect(loaded).toContain('NativeModule http');
  expect(loaded.filter((name) => /\bundici\b/.test(name))).toEqual([]);
});
