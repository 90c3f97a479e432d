import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeSecret, plainValue } from './support/fake-secrets.ts';
import { createPushScene, fakeGitleaks, gitleaks, type PushScene } from './support/push-scene.ts';

const branch = 'refs/heads/work';

let scene: PushScene;
let base: string;
let tip: string;
beforeEach(async () => {
  scene = await createPushScene();
  base = await scene.upstream({ files: { a: 'a\n' } });
  tip = await scene.pushed({ parents: [base], files: { b: 'b\n' } });
});
afterEach(async () => {
  expect(await scene.leftovers()).toEqual([]);
  await scene.close();
});

describe('a scanner that cannot be trusted', () => {
  it('is not there though asked for', async () => {
    await expect(scene.scan({ [branch]: tip }, { mode: 'gitleaks', gitleaks: null })).rejects.toMatchObject({
      code: 'scanner_unavailable',
    });
  });

  it('is replaced by the built-in one only when there is none', async () => {
    await expect(scene.scan({ [branch]: tip }, { mode: 'auto', gitleaks: null })).resolves.toMatchObject({
      scanner: 'builtin',
    });
    await expect(
      scene.scan({ [branch]: tip }, { mode: 'auto', gitleaks: '/nonexistent/gitleaks' }),
    ).rejects.toMatchObject({ code: 'scanner_unavailable' });
  });

  it.each([
    ['crashes', 'echo "something went wrong" >&2; exit 2'],
    ['says nothing', 'exit 0'],
    ['misses the controls', 'echo "[]"'],
    ['prints garbage', 'echo "no leaks found"'],
    ['prints a report of another form', 'echo \'[{"RuleID": 1}]\''],
    ['prints a gigabyte', 'exec head -c 1000000000 /dev/zero'],
    ['kills itself', 'kill -9 $$'],
  ])('%s', async (_, script) => {
    const program = await fakeGitleaks(scene, script);
    await expect(scene.scan({ [branch]: tip }, { mode: 'auto', gitleaks: program })).rejects.toMatchObject({
      code: 'scanner_unavailable',
    });
  });

  it('hangs with children that hold its output, and is ended with them', async () => {
    const program = await fakeGitleaks(scene, `sleep 600 & echo $! > ${scene.folder}/child; sleep 600`);
    await expect(
      scene.scan({ [branch]: tip }, { mode: 'auto', gitleaks: program, timeoutMs: 700 }),
    ).rejects.toMatchObject({ code: 'scanner_unavailable', message: 'the scan did not end within 1 s' });
    const child = Number(await readFile(`${scene.folder}/child`, 'utf8'));
    // one that nobody has waited for yet is dead all the same
    const state = await readFile(`/proc/${child}/stat`, 'utf8').catch(() => 'gone');
    expect(state).toMatch(/^gone$|\) Z /);
  });

  it('is stopped when the client goes away', async () => {
    const program = await fakeGitleaks(scene, 'sleep 600');
    const client = new AbortController();
    const scan = scene.scan({ [branch]: tip }, { mode: 'auto', gitleaks: program, signal: client.signal });
    setTimeout(() => client.abort(), 300);
    await expect(scan).rejects.toMatchObject({ code: 'scanner_unavailable' });
  });

  it.skipIf(gitleaks === null)('looks at one file only, of several', async () => {
    const many = await scene.pushed({
      parents: [base],
      files: { one: `${'text and text '.repeat(7000)}\n`, two: `${'more '.repeat(15_000)}\n` },
    });
    const program = await fakeGitleaks(scene, `rm -f "$2"/00000002.txt; exec ${gitleaks ?? ''} "$@"`);
    const honest = await fakeGitleaks(scene, `exec ${gitleaks ?? ''} "$@"`);
    await expect(
      scene.scan({ [branch]: many }, { mode: 'gitleaks', gitleaks: honest }),
    ).resolves.toBeDefined();
    await expect(
      scene.scan({ [branch]: many }, { mode: 'gitleaks', gitleaks: program }),
    ).rejects.toMatchObject({
      code: 'scanner_unavailable',
      message: 'gitleaks missed a planted control',
    });
  });

  it('gets nothing of our environment', async () => {
    process.env['GITLEAKS_CONFIG'] = '/dev/null';
    const program = await fakeGitleaks(scene, `/usr/bin/env > ${scene.folder}/environment; exit 3`);
    await expect(scene.scan({ [branch]: tip }, { mode: 'auto', gitleaks: program })).rejects.toThrow();
    delete process.env['GITLEAKS_CONFIG'];
    const names = (await readFile(`${scene.folder}/environment`, 'utf8'))
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(names.filter((name) => !['PWD', 'SHLVL', '_', ''].includes(name ?? ''))).toEqual([]);
  });
});

describe('a flood of findings', () => {
  it.each([['builtin', 1500], ...(gitleaks === null ? [] : [['gitleaks', 10_500] as const])] as const)(
    'is refused instead of shown in part (%s)',
    async (mode, count) => {
      const lines = Array.from(
        { length: count },
        (_, n) => `${fakeSecret(`flood${n}`, 'gitlab')} # gitleaks:allow\n`,
      );
      const flood = await scene.pushed({ parents: [base], files: { flood: lines.join('') } });
      await expect(scene.scan({ [branch]: flood }, { mode })).rejects.toMatchObject({
        code: 'limit_exceeded',
      });
      const few = await scene.pushed({ parents: [base], files: { few: lines.slice(0, 600).join('') } });
      expect((await scene.scan({ [branch]: few }, { mode })).findings).toHaveLength(600);
    },
  );
});

describe('a push of deletions only', () => {
  it.each(['builtin', 'auto'] as const)('brings nothing (%s)', async (mode) => {
    await expect(scene.scan({}, { mode })).resolves.toMatchObject({ objects: 0, bytes: 0, findings: [] });
  });
});

describe('a push that cannot be read', () => {
  it('is refused when an object is missing', async () => {
    const blob = await scene.inQuarantine(['hash-object', '--stdin'], 'not written\n');
    const tree = await scene.inQuarantine(['mktree', '--missing'], `100644 blob ${blob}\tfile\n`);
    await expect(scene.scan({ [branch]: tree })).rejects.toBeDefined();
  });

  it('is refused when a tip is no object name', async () => {
    await expect(scene.scan({ [branch]: '--all' })).rejects.toMatchObject({ code: 'git_failed' });
  });
});

describe.each(gitleaks === null ? (['builtin'] as const) : (['builtin', 'gitleaks'] as const))(
  '%s: values that the gate knows',
  (mode) => {
    const value = plainValue('env');
    const canary = { name: 'canary', value: plainValue('canary') };
    const known = { mode, knownSecrets: [{ name: 'DB_PASSWORD', value }], canary };
    const spellings: ReadonlyArray<readonly [string, (text: string) => string]> = [
      ['as it is', (text) => text],
      ['in base64', (text) => Buffer.from(`x${text}`).toString('base64')],
      ['reversed', (text) => text.split('').toReversed().join('')],
    ];

    it.each(spellings)('are found %s', async (_, spell) => {
      const commit = await scene.pushed({
        parents: [base],
        files: { env: `v=${spell(value)}\n` },
        message: `m ${spell(canary.value)}`,
      });
      const { findings } = await scene.scan({ [branch]: commit }, known);
      expect(findings.map(({ rule, objectType }) => `${rule} ${objectType}`).toSorted()).toEqual(
        expect.arrayContaining(['canary/canary commit', 'known_secrets/DB_PASSWORD blob']),
      );
      const text = JSON.stringify(findings);
      for (const secret of [value, canary.value]) expect(text).not.toContain(spell(secret));
    });

    it('are found in the middle of a large file', async () => {
      const words = 'nothing to see in this line of text\n'.repeat(90_000);
      const commit = await scene.pushed({
        parents: [base],
        files: { big: `${words}${canary.value}\n${words}` },
      });
      const { findings } = await scene.scan({ [branch]: commit }, known);
      expect(findings).toMatchObject([{ rule: 'canary/canary', path: 'big', line: 90_001 }]);
    });

    it('are found in a compressed file', async () => {
      const commit = await scene.pushed({ parents: [base], files: { 'a.gz': gzipSync(`x ${value}\n`) } });
      const { findings } = await scene.scan({ [branch]: commit }, known);
      expect(findings).toMatchObject([{ rule: 'known_secrets/DB_PASSWORD', line: null }]);
    });
  },
);

it('finds what stands beside bytes that are no text', async () => {
  const secret = fakeSecret('binary');
  const files = {
    bin: Buffer.concat([randomBytes(70_000), Buffer.from(` ${secret} `), randomBytes(70_000)]),
  };
  const commit = await scene.pushed({ parents: [base], files });
  const { findings } = await scene.scan({ [branch]: commit }, { mode: 'auto' });
  expect(findings).toContainEqual(expect.objectContaining({ path: 'bin' }));
});
