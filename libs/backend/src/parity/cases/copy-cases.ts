import { chmod, lstat, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyOut } from '../../copy-out/copy-out.ts';
import { guestHome } from '../../env/guest-paths.ts';
import { copyIn } from '../../provision/copy-in.ts';
import { shell } from '../in-bottle.ts';
import { expectThat } from '../parity-case.ts';
import { bottleCases } from './make-cases.ts';

const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'bb-parity-'));
  await chmod(folder, 0o700);
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const copyCases = bottleCases('Copies', {
  'copies in with modes and links, as the user of the bottle': async (context) => {
    const entries = [
      { kind: 'dir', path: 'parity', mode: 0o700 },
      { kind: 'text', path: 'parity/file', mode: 0o640, content: 'abc' },
      { kind: 'link', path: 'parity/link', target: 'file' },
    ] as const;
    const options = { root: guestHome, checksum: 'parity/file', replace: 'parity' };
    const { sha256 } = await copyIn(context.bottle, entries, options);
    const script = 'cd parity && cat link && stat -c "%a %u" file . && cd .. && rm -r parity';
    const result = await shell(context.bottle, script, { cwd: guestHome });
    const holds = sha256 === abc && result.stdout === 'abc640 1000\n700 1000\n';
    expectThat(context, holds, 'what is copied arrives', { sha256, result });
  },
  'copies out a folder, and no link that leads out of it, no device and no setuid bit': async (context) => {
    const script = `rm -rf out && mkdir -p out/sub && echo text > out/sub/file && ln -s sub/file out/inside
ln -s /etc/passwd out/outside && ln -s ../../.. out/up && mkfifo out/pipe && touch out/setuid && chmod 6755 out/setuid`;
    await shell(context.bottle, script, { cwd: guestHome });
    await inFolder(async (folder) => {
      const { skipped } = await copyOut(context.bottle, `${guestHome}/out`, folder, { force: false });
      const made = (await readdir(join(folder, 'out'))).toSorted();
      const text = await readFile(join(folder, 'out/inside'), 'utf8');
      const mode = (await lstat(join(folder, 'out/setuid'))).mode & 0o7777;
      const left = skipped.map(({ inside }) => inside ?? '').toSorted();
      const holds = made.join() === 'inside,setuid,sub' && text === 'text\n' && mode === 0o755;
      expectThat(context, holds && left.join() === 'outside,pipe,up', 'only what is safe', {
        made,
        left,
        mode,
      });
    });
  },
  'overwrites nothing on the host unless it is forced': async (context) => {
    await shell(context.bottle, 'echo new > once', { cwd: guestHome });
    await inFolder(async (folder) => {
      const copy = (force: boolean): Promise<unknown> =>
        copyOut(context.bottle, `${guestHome}/once`, folder, { force });
      await copy(false);
      const again = await copy(false).then(
        () => 'overwritten',
        (error: unknown) => (error instanceof Error && 'code' in error ? error.code : String(error)),
      );
      await copy(true);
      expectThat(context, again === 'copy_refused', 'a file that is there stays', again);
    });
  },
});
