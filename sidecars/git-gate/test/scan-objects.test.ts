import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chars, fakeSecret } from './support/fake-secrets.ts';
import { createPushScene, gitleaks, type PushScene } from './support/push-scene.ts';

const secret = fakeSecret('objects');
const branch = 'refs/heads/work';

let scene: PushScene;
let base: string;
beforeEach(async () => {
  scene = await createPushScene();
  base = await scene.upstream({ files: { 'README.md': '# project\n', 'src/a.ts': 'export {};\n' } });
});
afterEach(() => scene.close());

const scanners = gitleaks === null ? (['builtin'] as const) : (['builtin', 'gitleaks'] as const);

describe.each(scanners)('%s', (mode) => {
  const scan = (tips: Readonly<Record<string, string>>) => scene.scan(tips, { mode });
  const places = async (tips: Readonly<Record<string, string>>) =>
    (await scan(tips)).findings.map(({ objectType, path, line }) => ({ objectType, path, line }));

  it('says nothing of a push without secrets, and counts what it read', async () => {
    const tip = await scene.pushed({ parents: [base], files: { 'src/b.ts': 'export const b = 1;\n' } });
    const report = await scan({ [branch]: tip });
    expect(report).toMatchObject({ scanner: mode, objects: 4, findings: [], hiddenObjects: 0 });
    expect(report.bytes).toBeGreaterThan(200);
  });

  it('finds a secret in a file and tells where, but never the value', async () => {
    const tip = await scene.pushed({
      parents: [base],
      files: { 'conf/app.txt': `one\ntwo\nuse ${secret} here\nfour\n` },
    });
    const { findings } = await scan({ [branch]: tip });
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      objectType: 'blob',
      path: 'conf/app.txt',
      line: 3,
      commit: tip,
      masked: 'use ******** here',
      marked: false,
    });
    expect(JSON.stringify(findings)).not.toContain(secret);
  });

  it.each(['little', 'big'])(
    'finds a secret in UTF-16 text, %s endian, and tells its line',
    async (order) => {
      const wide = Buffer.from(`\ufeffone\n"key"=${secret}\nthree\n`, 'utf16le');
      if (order === 'big') wide.swap16();
      const tip = await scene.pushed({
        parents: [base],
        files: { 'settings.reg': wide, 'zeros.bin': Buffer.alloc(5000) },
      });
      expect(await places({ [branch]: tip })).toEqual([
        { objectType: 'blob', path: 'settings.reg', line: 2 },
      ]);
    },
  );

  it('finds a secret that a later commit of the same push removes', async () => {
    const first = await scene.pushed({ parents: [base], files: { 'a.txt': `x ${secret}\n` } });
    const tip = await scene.pushed({ parents: [first], files: { 'a.txt': null } });
    expect((await scan({ [branch]: tip })).findings).toMatchObject([{ path: 'a.txt', commit: first }]);
  });

  it('finds a secret in a commit message', async () => {
    const tip = await scene.pushed({ parents: [base], message: `subject\n\nwith ${secret}\n` });
    expect((await scan({ [branch]: tip })).findings).toMatchObject([
      { objectType: 'commit', oid: tip, commit: tip },
    ]);
  });

  it('finds a secret in the name of an author', async () => {
    const tip = await scene.pushed({ parents: [base], author: `${secret} <a@example.com>` });
    expect(await places({ [branch]: tip })).toMatchObject([{ objectType: 'commit' }]);
  });

  it('finds a secret in the message of a tag', async () => {
    const tag = await scene.inQuarantine(
      ['mktag'],
      `object ${base}\ntype commit\ntag v1\ntagger A <a@example.com> 1700000000 +0000\n\n${secret}\n`,
    );
    expect(await places({ 'refs/tags/v1': tag })).toEqual([{ objectType: 'tag', path: null, line: 6 }]);
  });

  it('finds a secret in a blob that only a tag of a tag names', async () => {
    const blob = await scene.inQuarantine(['hash-object', '-w', '--stdin'], `a ${secret}\n`);
    const inner = await scene.inQuarantine(
      ['mktag'],
      `object ${blob}\ntype blob\ntag i\ntagger A <a@example.com> 1700000000 +0000\n\ni\n`,
    );
    const outer = await scene.inQuarantine(
      ['mktag'],
      `object ${inner}\ntype tag\ntag o\ntagger A <a@example.com> 1700000000 +0000\n\no\n`,
    );
    expect((await scan({ 'refs/tags/o': outer })).findings).toMatchObject([
      { objectType: 'blob', oid: blob },
    ]);
  });

  it('finds a secret in a blob and in a tree that a ref names directly', async () => {
    const blob = await scene.inQuarantine(['hash-object', '-w', '--stdin'], `a ${secret}\n`);
    const tree = await scene.inQuarantine(['mktree'], `100644 blob ${blob}\tfile\n`);
    expect((await scan({ 'refs/tags/b': blob })).findings).toMatchObject([{ oid: blob }]);
    expect((await scan({ 'refs/tags/t': tree })).findings).toMatchObject([{ oid: blob }]);
  });

  it('finds a secret in the name of a ref', async () => {
    const tip = await scene.pushed({ parents: [base] });
    expect(await places({ [`refs/heads/${secret}`]: tip })).toMatchObject([
      { objectType: 'ref', path: null },
    ]);
  });

  it('finds a secret in the name of a file, and shows it in no path', async () => {
    const tip = await scene.pushed({ parents: [base], files: { [`src/${secret}/x.txt`]: 'x\n' } });
    const { findings } = await scan({ [branch]: tip });
    expect(findings).toMatchObject([{ objectType: 'tree', path: 'src' }]);
    expect(JSON.stringify(findings)).not.toContain(secret);
  });

  it('finds a secret that only a merge brings', async () => {
    const left = await scene.pushed({ parents: [base], files: { 'l.txt': 'l\n' } });
    const right = await scene.pushed({ parents: [base], files: { 'r.txt': 'r\n' } });
    const merge = await scene.pushed({ parents: [left, right], files: { 'evil.txt': `${secret}\n` } });
    expect((await scan({ [branch]: merge })).findings).toMatchObject([{ path: 'evil.txt', commit: merge }]);
  });

  it.each([
    ['zip', Buffer.from('504b0304', 'hex')],
    ['ELF', Buffer.concat([Buffer.from('7f454c460201010000', 'hex'), Buffer.alloc(60)])],
    ['tar', Buffer.concat([Buffer.alloc(257, 'a'), Buffer.from('ustar\0')])],
    ['PDF', Buffer.from('%PDF-1.7\n')],
    ['ISO', Buffer.concat([Buffer.alloc(32_769, '\n'), Buffer.from('CD001'.repeat(2000))])],
  ])('finds a secret behind what looks like %s', async (_, head) => {
    // so long that it is the first of what is scanned together
    const tip = await scene.pushed({
      parents: [base],
      message: 'words '.repeat(400),
      files: { data: Buffer.concat([head, Buffer.from(`\nx ${secret}\n`), Buffer.alloc(78_500, 'tail\n')]) },
    });
    expect(await places({ [branch]: tip })).toMatchObject([{ path: 'data' }]);
  });

  it.each([
    'package-lock.json',
    'node_modules/x/y.js',
    'logo.svg',
    'vendor/github.com/a.go',
    '.gitleaks.toml',
  ])('finds a secret in %s, whose name scanners are told to skip', async (path) => {
    const tip = await scene.pushed({ parents: [base], files: { [path]: `token ${secret} x\n` } });
    expect(await places({ [branch]: tip })).toMatchObject([{ path }]);
  });

  it('is not told to look away by files of the push', async () => {
    const tip = await scene.pushed({
      parents: [base],
      files: {
        '.gitleaksignore': '00000001.txt:github-pat:1\na.txt:github-pat:1\n',
        '.gitleaks.toml': '[allowlist]\nregexes = [".*"]\n',
        'a.txt': `${secret}\n`,
      },
    });
    expect(await places({ [branch]: tip })).toMatchObject([{ path: 'a.txt' }]);
  });

  it('marks a finding whose line asks to be ignored, and no other', async () => {
    const other = fakeSecret('other');
    const tip = await scene.pushed({
      parents: [base],
      files: { 'a.txt': `x ${secret} # gitleaks:allow\ny ${other}\n# gitleaks:allow\n` },
    });
    const { findings } = await scan({ [branch]: tip });
    expect(findings.map(({ line, marked }) => ({ line, marked }))).toEqual([
      { line: 1, marked: true },
      { line: 2, marked: false },
    ]);
  });

  it('finds a secret in base64 in the middle of a line of many windows', async () => {
    const text = Buffer.from(
      `${'plain words and words '.repeat(20_000)} ${secret} ${'more words '.repeat(9000)}`,
    );
    const tip = await scene.pushed({ parents: [base], files: { b64: text.toString('base64') } });
    expect((await places({ [branch]: tip })).length).toBeGreaterThan(0);
  });

  it('masks what another finding is about in the same line', async () => {
    const other = fakeSecret('second', 'gitlab');
    const tip = await scene.pushed({ parents: [base], files: { 'a.txt': `p ${secret} q ${other} r\n` } });
    const { findings } = await scan({ [branch]: tip });
    expect(findings.map(({ masked }) => masked)).toEqual(Array(2).fill('p ******** q ******** r'));
  });

  it('shows control characters around a secret as escapes', async () => {
    const tip = await scene.pushed({ parents: [base], files: { a: `\u001b[2J ${secret} \u202e\n` } });
    expect((await scan({ [branch]: tip })).findings[0]?.masked).toBe(String.raw`\u{1b}[2J ******** \u{202e}`);
  });

  it('reads the object that is forwarded, whatever a replace ref says', async () => {
    const tip = await scene.pushed({ parents: [base], files: { a: `${secret}\n` } });
    const clean = await scene.upstream({ parents: [base], files: { a: 'clean\n' } }, 'refs/heads/other');
    await scene.upstream({ parents: [base], files: { b: 'b\n' } }, `refs/replace/${tip}`);
    expect(clean).not.toBe(tip);
    expect(await places({ [branch]: tip })).toMatchObject([{ path: 'a' }]);
  });

  it('finds a private key after a file that only mentions how one begins', async () => {
    const key = fakeSecret('key', 'private-key');
    const begin = `-----BEGIN ${'PRIVATE'} KEY-----`;
    const tip = await scene.pushed({
      parents: [base],
      files: {
        '1.ts': `if (text.startsWith('${begin}')) return false;\n`,
        '2.pem': `${key}\n`,
        '3.ts': `'${begin}'`,
      },
    });
    expect(await places({ [branch]: tip })).toEqual([{ objectType: 'blob', path: '2.pem', line: 1 }]);
  });

  it('scans a repository with SHA-256', async () => {
    const other = await createPushScene('sha256');
    try {
      const root = await other.upstream({ files: { a: 'a\n' } });
      const tip = await other.pushed({ parents: [root], files: { [`${secret}/b`]: `${fakeSecret('x')}\n` } });
      const { findings } = await other.scan({ [branch]: tip }, { mode });
      expect(findings.map(({ objectType }) => objectType).toSorted()).toEqual(['blob', 'tree']);
    } finally {
      await other.close();
    }
  });

  it('leaves nothing on disk', async () => {
    const tip = await scene.pushed({ parents: [base], files: { a: `${secret}\n` } });
    await scan({ [branch]: tip });
    expect(await scene.leftovers()).toEqual([]);
  });
});

describe('what only names of files tell gitleaks', () => {
  it.skipIf(gitleaks === null).each([
    [
      'conf/secret.yaml',
      `kind: Secret\nmetadata: x\ndata:\n  password: ${Buffer.from(chars('abcdef', 16, 'k8s')).toString('base64')}\n`,
      'kubernetes-secret-yaml',
    ],
    [
      'main.tf',
      `administrator_login_password = "${chars('abcdef0123456789', 14, 'tf')}"\n`,
      'hashicorp-tf-password',
    ],
    ['keys/server.p12', 'binary', 'pkcs12-file'],
  ])('%s', async (path, content, rule) => {
    const tip = await scene.pushed({ parents: [base], files: { [path]: content } });
    const { findings } = await scene.scan({ [branch]: tip }, { mode: 'gitleaks' });
    expect(findings).toContainEqual(expect.objectContaining({ rule: `gitleaks/${rule}`, path }));
  });
});
