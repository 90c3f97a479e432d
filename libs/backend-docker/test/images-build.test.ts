import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { agentImage } from '../src/images/agent-image.ts';
import { ensureImage } from '../src/images/ensure-image.ts';
import type { ContextFile } from '../src/images/image-files.ts';
import { imageFiles } from '../src/images/image-files.ts';
import { digested, imageTag as tagOf, type BuildInputs } from '../src/images/image-tag.ts';
import { sidecarImage } from '../src/images/sidecar-image.ts';
import { testEngine } from './support/engine.ts';

const engine = await testEngine();

const file = (path: string, content: string, mode = 0o644): ContextFile => ({
  path,
  mode,
  content: Buffer.from(content),
});

type Inputs = Omit<BuildInputs, 'files'> & { readonly files: readonly ContextFile[] };
const imageTag = ({ files, ...rest }: Inputs): string => tagOf({ files: digested(files), ...rest });

describe('the tag of an image', () => {
  const inputs = {
    files: [file('Dockerfile', 'FROM x'), file('main.js', 'a')],
    baseId: 'sha256:1',
    buildArgs: { A: '1' },
  };

  test('is the same for the same inputs in any order', () => {
    expect(imageTag(inputs)).toMatch(/^[0-9a-f]{12}$/);
    expect(imageTag({ ...inputs, files: inputs.files.toReversed() })).toBe(imageTag(inputs));
  });

  test.each([
    ['a content', { files: [file('Dockerfile', 'FROM x'), file('main.js', 'b')] }],
    ['a name', { files: [file('Dockerfile', 'FROM x'), file('main2.js', 'a')] }],
    ['a mode', { files: [file('Dockerfile', 'FROM x'), file('main.js', 'a', 0o755)] }],
    ['the base', { baseId: 'sha256:2' }],
    ['no base', { baseId: null }],
    ['an argument', { buildArgs: { A: '2' } }],
    ['what moves between name and content', { files: [file('DockerfileF', 'ROM x'), file('main.js', 'a')] }],
  ])('is another one with %s', (_what, change) => {
    expect(imageTag({ ...inputs, ...change })).not.toBe(imageTag(inputs));
  });

  test('does not depend on the name by which the base is called: its id says what it is', () => {
    const named = (BASE_IMAGE: string) => imageTag({ ...inputs, buildArgs: { A: '1', BASE_IMAGE } });
    expect(named('bot-bottle/base:offline')).toBe(named('bot-bottle/base:0123456789ab'));
    expect(named('bot-bottle/base:offline')).toBe(imageTag(inputs));
  });

  test('each of our images has its files', async () => {
    for (const name of [
      'sidecar-egress',
      'sidecar-git-gate',
      'sidecar-supervise',
      'agent-command',
      'agent-claude',
    ])
      expect((await imageFiles(name))?.map(({ path }) => path)).toContain('Dockerfile');
    expect(await imageFiles('../../etc')).toBeNull();
    expect(await imageFiles('nothing')).toBeNull();
  });
});

describe.skipIf(engine === null)('an image', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bb-images-'));
  const made = new Set<string>();
  const mark = (): string => randomBytes(8).toString('hex');
  afterEach(async () => {
    for (const reference of made)
      await engine?.docker
        .getImage(reference)
        .remove({ force: true })
        .catch(() => undefined);
    made.clear();
    rmSync(folder, { recursive: true, force: true });
  });
  const dockerfile = (...lines: string[]): ContextFile =>
    file('Dockerfile', ['ARG BASE_IMAGE', 'FROM ${BASE_IMAGE}', ...lines, ''].join('\n'));
  const build = async (
    files: readonly ContextFile[],
    onProgress?: (what: string) => void,
    baseImage?: string | null,
  ) => {
    if (engine === null) throw new Error('no engine');
    const spec = {
      name: 'sidecar-test',
      files,
      baseImage: baseImage === undefined ? engine.baseImage : baseImage,
    };
    const reference = await ensureImage(
      engine.docker,
      onProgress === undefined ? spec : { ...spec, onProgress },
    );
    made.add(reference);
    return reference;
  };

  test('is built once, with progress, and again when something changes', async () => {
    const said: string[] = [];
    const files = [dockerfile('COPY main.js /main.js'), file('main.js', mark())];
    const first = await build(files, (what) => said.push(what));
    expect(said[0]).toBe(`building ${first}`);
    expect(said.some((line) => line.includes('COPY main.js'))).toBe(true);
    said.length = 0;
    expect(await build(files, (what) => said.push(what))).toBe(first);
    expect(said).toEqual([]);
    expect(await build([dockerfile('COPY main.js /main.js'), file('main.js', mark())])).not.toBe(first);
    const { Config } = (await engine?.docker.getImage(first).inspect()) ?? {};
    expect(Config?.Labels).toMatchObject({ 'bot-bottle.image': 'sidecar-test' });
  }, 120_000);

  test('is built once by those who want it at the same time', async () => {
    const said: string[] = [];
    const files = [dockerfile('COPY main.js /main.js'), file('main.js', mark())];
    const references = await Promise.all(
      Array.from({ length: 5 }, () => build(files, (what) => said.push(what))),
    );
    expect(new Set(references).size).toBe(1);
    expect(said.filter((line) => line.startsWith('building'))).toHaveLength(1);
  }, 120_000);

  test('one that was built beforehand with more in it stands in for the plain one', async () => {
    if (engine === null) return;
    const files = [dockerfile('COPY main.js /main.js'), file('main.js', mark())];
    const plain = await build(files);
    // What is made of an image has its labels, the one that says what it stands for among them.
    const container = await engine.docker.createContainer({ Image: plain, Cmd: ['true'] });
    await container.commit({ repo: 'bot-bottle/sidecar-test', tag: 'richer' });
    await container.remove();
    made.add('bot-bottle/sidecar-test:richer');
    expect(await build(files)).toBe('bot-bottle/sidecar-test:richer');
  }, 120_000);

  test('a Dockerfile that fails says where', async () => {
    await expect(build([dockerfile(`RUN echo it is ${mark()} && exit 3`)])).rejects.toMatchObject({
      code: 'launch_failed',
      message: expect.stringMatching(/cannot be built: .*non-zero code: 3/),
      hint: expect.stringContaining('it is'),
    });
  }, 120_000);

  test('a base that is missing and cannot be had is named with what to do', async () => {
    await expect(build([dockerfile()], undefined, 'bot-bottle.invalid/base:none')).rejects.toMatchObject({
      code: 'launch_failed',
      message: expect.stringContaining(
        'the base image bot-bottle.invalid/base:none is not there and cannot be pulled',
      ),
      hint: expect.stringContaining('BOT_BOTTLE_BASE_IMAGE'),
    });
  }, 120_000);

  test("an operator's Dockerfile is built on the agent's image, without any file of the host", async () => {
    if (engine === null) return;
    const path = join(mkdtempSync(join(tmpdir(), 'bb-own-')), 'Dockerfile');
    writeFileSync(path, `ARG AGENT_IMAGE\nFROM \${AGENT_IMAGE}\nRUN echo ${mark()} > /tmp/x && rm /tmp/x\n`);
    const own = await agentImage(engine.docker, { name: 'bot-bottle-command', dockerfile: path }, engine);
    made.add(own);
    expect(own).toMatch(/^bot-bottle\/agent-own:/);
    writeFileSync(path, 'ARG AGENT_IMAGE\nFROM ${AGENT_IMAGE}\nCOPY . /\nCOPY id_ed25519 /\n');
    writeFileSync(join(path, '../id_ed25519'), 'key');
    await expect(
      agentImage(engine.docker, { name: 'bot-bottle-command', dockerfile: path }, engine),
    ).rejects.toMatchObject({ code: 'launch_failed' });
    await expect(
      agentImage(engine.docker, { name: 'nobody/has-it:1', dockerfile: null }, engine),
    ).rejects.toMatchObject({ code: 'not_available' });
    rmSync(join(path, '..'), { recursive: true });
  }, 300_000);

  test('a sidecar has its program, and waiting for a build can be given up', async () => {
    if (engine === null) return;
    const own = mkdtempSync(join(tmpdir(), 'bb-program-'));
    const program = join(own, 'main.js');
    writeFileSync(program, `// ${mark()}\nprocess.stdin.on('end', () => process.exit(0)).resume();`);
    const gone = AbortSignal.abort(new Error('given up'));
    await expect(
      sidecarImage(engine.docker, { name: 'supervise', program }, { ...engine, signal: gone }),
    ).rejects.toThrow('given up');
    const reference = await sidecarImage(engine.docker, { name: 'supervise', program }, engine);
    made.add(reference);
    expect(reference).toMatch(/^bot-bottle\/sidecar-supervise:/);
    rmSync(own, { recursive: true });
  }, 120_000);
});
