import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPushScene, gitleaks, type PushScene } from './support/push-scene.ts';

let scene: PushScene;
let base: string;
beforeEach(async () => {
  scene = await createPushScene();
  base = await scene.upstream({ files: { 'b.txt': 'b\n' } });
});
afterEach(() => scene.close());
const branch = 'refs/heads/work';

describe.each(gitleaks === null ? (['builtin'] as const) : (['builtin', 'gitleaks'] as const))(
  '%s',
  (mode) => {
    const value = ['wJalrXUtnFEMI', 'K7MDENGbPxRfiCYz', 'zK9pQ2r'].join('/');
    const settings = { mode, knownSecrets: [{ name: 'AWS_SECRET_ACCESS_KEY', value }], canary: null };

    it('finds a value of the environment with slashes as content', async () => {
      const tip = await scene.pushed({ parents: [base], files: { 'x.txt': `${value}\n` } });
      expect((await scene.scan({ [branch]: tip }, settings)).findings).not.toEqual([]);
    });

    it('finds a value of the environment with slashes as a path', async () => {
      const tip = await scene.pushed({ parents: [base], files: { [value]: 'x\n' } });
      expect((await scene.scan({ [branch]: tip }, settings)).findings).not.toEqual([]);
    });

    it('finds a value of the environment in the middle of a path', async () => {
      const tip = await scene.pushed({ parents: [base], files: { [`keys/${value}/x.txt`]: 'x\n' } });
      expect((await scene.scan({ [branch]: tip }, settings)).findings).not.toEqual([]);
    });
    const pem = Array.from({ length: 6 }, (_, i) =>
      Buffer.from(`line ${i} `.repeat(8)).toString('base64').slice(0, 64),
    ).join('\n');
    const multi = { mode, knownSecrets: [{ name: 'KEY', value: pem }], canary: null };
    it.each([
      ['as it is', pem],
      ['with CRLF', pem.replaceAll('\n', '\r\n')],
      [
        'indented, as YAML has it',
        pem
          .split('\n')
          .map((l) => `    ${l}`)
          .join('\n'),
      ],
      ['as a JSON string', JSON.stringify(pem)],
      ['in one line', pem.replaceAll('\n', '')],
    ])('finds a value of several lines %s', async (_, text) => {
      const tip = await scene.pushed({ parents: [base], files: { 'x.txt': `key: |\n${text}\n` } });
      expect((await scene.scan({ [branch]: tip }, multi)).findings).not.toEqual([]);
    });
    it('finds a value in hex as the commit of submodules', async () => {
      const short = 'hunter2-hunter2-h2'.padEnd(20, 'x');
      const oid = Buffer.from(short).toString('hex');
      const tree = await scene.inQuarantine(['mktree', '--missing'], `160000 commit ${oid}\tsub\n`);
      const tip = await scene.inQuarantine([
        '-c',
        'user.name=a',
        '-c',
        'user.email=a@b',
        'commit-tree',
        tree,
        '-p',
        base,
        '-m',
        'x',
      ]);
      const { findings } = await scene.scan(
        { [branch]: tip },
        { mode, knownSecrets: [{ name: 'S', value: short }], canary: null },
      );
      expect(findings).not.toEqual([]);
    });

    it('finds a value of the environment in where a known file is moved to', async () => {
      const known = await scene.inQuarantine(['rev-parse', `${base}:b.txt`]);
      let entry = `100644 blob ${known}`;
      for (const name of value.split('/').toReversed())
        entry = `040000 tree ${await scene.inQuarantine(['mktree'], `${entry}\t${name}\n`)}`;
      const author = ['-c', 'user.name=a', '-c', 'user.email=a@b'];
      const tree = entry.slice(-40);
      const tip = await scene.inQuarantine([...author, 'commit-tree', tree, '-p', base, '-m', 'x']);
      expect((await scene.scan({ [branch]: tip }, settings)).findings).not.toEqual([]);
    });

    it('says nothing of what is added deep below a folder that upstream has already', async () => {
      const upstream = await scene.upstream({ parents: [base], files: { [`${value}/a.txt`]: 'a\n' } });
      const tip = await scene.pushed({ parents: [upstream], files: { [`${value}/new/deep/b.txt`]: 'b\n' } });
      expect((await scene.scan({ [branch]: tip }, settings)).findings).toEqual([]);
    });
  },
);
