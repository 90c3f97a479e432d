import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
const published = globSync('{libs,sidecars,apps}/*/package.json', { cwd: root })
  .map((file) => ({
    dir: path.dirname(path.join(root, file)),
    json: JSON.parse(readFileSync(path.join(root, file), 'utf8')) as Record<string, unknown>,
  }))
  .filter(({ json }) => json['private'] !== true);

describe.each(published)('$json.name', ({ dir, json }) => {
  it('has what a registry page and a bundler need', () => {
    expect(json).toMatchObject({ license: 'Apache-2.0', type: 'module', sideEffects: false });
    expect(readFileSync(path.join(dir, 'README.md'), 'utf8').length).toBeGreaterThan(300);
    expect(readFileSync(path.join(dir, 'LICENSE'), 'utf8')).toContain('Apache License');
  });

  it('passes publint', async () => {
    const { messages, pkg } = await publint({ pkgDir: dir, strict: true, pack: false });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });
});

describe('a consumer outside the repository', () => {
  let dir = '';
  beforeAll(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'bb-consumer-'));
    mkdirSync(path.join(dir, 'node_modules/@bot-bottle'), { recursive: true });
    for (const { dir: target, json } of published)
      symlinkSync(target, path.join(dir, 'node_modules', String(json['name'])));
    for (const name of ['@types', 'zod', 'typescript', 'yaml']) {
      symlinkSync(path.join(root, 'node_modules', name), path.join(dir, 'node_modules', name));
    }
    writeFileSync(path.join(dir, 'package.json'), '{"type":"module"}');
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('compiles against the declarations, which are checked too', () => {
    const imports = published.map(({ json }, index) =>
      ['import * as', `m${index}`, 'from', `'${String(json['name'])}';`].join(' '),
    );
    const uses = published.map((_, index) => `m${index}`).join(', ');
    writeFileSync(path.join(dir, 'consumer.ts'), `${imports.join('\n')}\nexport const all = [${uses}];\n`);
    const tsc = path.join(root, 'node_modules/.bin/tsc');
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node'];
    expect(() =>
      execFileSync(tsc, [...options, '--skipLibCheck', 'false', 'consumer.ts'], {
        cwd: dir,
        encoding: 'utf8',
      }),
    ).not.toThrow();
  });

  it('imports every library from plain JavaScript', () => {
    const script = published
      .map(({ json }) => ['await import(', `'${String(json['name'])}'`, ');'].join(''))
      .join('\n');
    writeFileSync(path.join(dir, 'consumer.js'), `${script}\nprocess.stdout.write('imported');\n`);
    expect(execFileSync(process.execPath, ['consumer.js'], { cwd: dir, encoding: 'utf8' })).toBe('imported');
  });
});
