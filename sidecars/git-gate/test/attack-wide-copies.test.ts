import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeSecret } from './support/fake-secrets.ts';
import { createPushScene, gitleaks, type PushScene } from './support/push-scene.ts';

const secret = fakeSecret('wide');
const branch = 'refs/heads/work';
const MARK = 'gitleaks:allow';
const wide = (text: string): Buffer => Buffer.from(text, 'utf16le');
const marked = wide(`\ufeffone\nkey = ${secret} # ${MARK}\nthree\n`);

let scene: PushScene;
let base: string;
beforeEach(async () => {
  scene = await createPushScene();
  base = await scene.upstream({ files: { 'README.md': '# project\n' } });
});
afterEach(() => scene.close());

type Kind = 'a credential' | 'a known value' | 'a known value beside gitleaks';

async function found(content: Buffer, kind: Kind) {
  const tip = await scene.pushed({ parents: [base], files: { 'settings.reg': content } });
  const { findings } = await scene.scan(
    { [branch]: tip },
    {
      mode: kind === 'a known value beside gitleaks' ? 'gitleaks' : 'builtin',
      ...(kind === 'a credential' ? {} : { knownSecrets: [{ name: 'DEPLOY', value: secret }] }),
    },
  );
  return findings
    .filter(({ rule }) => !rule.startsWith('gitleaks/'))
    .map(({ line, marked: isMarked }) => ({ line, marked: isMarked }));
}

const kinds: readonly Kind[] = ['a credential', 'a known value', 'a known value beside gitleaks'];

describe.each(kinds.filter((kind) => gitleaks !== null || !kind.endsWith('gitleaks')))(
  '%s in UTF-16 on a line that is marked',
  (kind) => {
    it('is told once, with its line, so that a human can be asked', async () => {
      expect(new Set((await found(marked, kind)).map((each) => JSON.stringify(each)))).toEqual(
        new Set([JSON.stringify({ line: 2, marked: true })]),
      );
    });

    it('that begins far into a long file is told once', async () => {
      const filler = 'a line of text that says nothing\n'.repeat(30_000);
      const all = await found(Buffer.concat([wide(filler), marked]), kind);
      expect(all.length).toBeGreaterThan(0);
      for (const each of all) expect(each).toEqual({ line: 30_002, marked: true });
    });

    it.each<[string, Buffer]>([
      ['in UTF-16 on a line that is not marked', wide(`again ${secret}\n`)],
      ['in the other byte order', Buffer.concat([Buffer.from('\n'), wide(`again ${secret}\n`).swap16()])],
      ['as it is', Buffer.from(`\nagain ${secret}\n`)],
      ['in base64', Buffer.from(`\n${Buffer.from(secret).toString('base64')}\n`)],
      ['in UTF-16 and base64', Buffer.from(`\n${wide(secret).toString('base64')}\n`)],
      ['compressed and in base64', Buffer.from(`\n${gzipSync(secret).toString('base64')}\n`)],
      ['compressed and in base64, in UTF-16', wide(`\n${gzipSync(secret).toString('base64')}\n`)],
      ['reversed, in UTF-16', wide(`\n${Buffer.from(secret).reverse().toString()}\n`)],
      [
        'in hex of hex',
        Buffer.from(`\n${Buffer.from(Buffer.from(secret).toString('hex')).toString('hex')}\n`),
      ],
    ])('does not cover a copy %s', async (name, copy) => {
      const all = await found(Buffer.concat([marked, copy]), kind);
      const alone = await found(Buffer.concat([wide('\ufeffone\n'), copy]), kind);
      expect(alone.length, `${name} alone`).toBeGreaterThan(0);
      expect(all).toContainEqual({ line: 2, marked: true });
      expect(all).toContainEqual(expect.objectContaining({ marked: false }));
    });
  },
);
