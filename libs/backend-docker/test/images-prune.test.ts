import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createDockerImages } from '@bot-bottle/backend-docker';
import { findPrunable, type Prunable } from '../src/images/find-prunable.ts';
import { markCurrent } from '../src/images/mark-current.ts';
import { imageLabel, listOurImages, type OurImage } from '../src/images/our-images.ts';
import { backendOn, bottleSpec } from './support/local-bottle.ts';
import { testEngine } from './support/engine.ts';

const engine = await testEngine();
const digits = (): string => randomBytes(6).toString('hex');

describe('which images are current', () => {
  const image = (name: string, tag: string, created: number, id = `sha256:${tag}`): OurImage => ({
    name,
    reference: `bot-bottle/${name}:${tag}`,
    tag,
    id,
    bytes: 1,
    created,
    inUse: false,
  });
  const currentOf = (
    images: readonly OurImage[],
    references: readonly string[],
    base: string | null = null,
  ) =>
    markCurrent(images, { references: new Set(references), base })
      .filter(({ isCurrent }) => isCurrent)
      .map(({ reference }) => reference);

  test('is what a launch takes, be it older than others', () => {
    const images = [image('agent-command', 'b', 2), image('agent-command', 'a', 1)];
    expect(currentOf(images, ['bot-bottle/agent-command:a'])).toEqual(['bot-bottle/agent-command:a']);
  });

  test('is none of a name whose tag of now the engine does not have', () => {
    expect(currentOf([image('agent-command', 'a', 1)], ['bot-bottle/agent-command:b'])).toEqual([]);
  });

  test('is the newest where nobody knows what a launch would take', () => {
    const images = [image('sidecar-bundle', 'b', 2), image('sidecar-bundle', 'a', 1)];
    expect(currentOf(images, ['bot-bottle/agent-command:a'])).toEqual(['bot-bottle/sidecar-bundle:b']);
  });

  test('is the base under each of its names, and no name that only begins alike', () => {
    const images = [
      image('base', 'old', 1),
      image('base', 'b', 2, 'sha256:base'),
      image('base', 'offline', 2, 'sha256:base'),
      image('agent', 'x', 1),
    ];
    expect(currentOf(images, ['bot-bottle/agent-command:a'], 'sha256:base')).toEqual([
      'bot-bottle/base:b',
      'bot-bottle/base:offline',
      'bot-bottle/agent:x',
    ]);
  });
});

describe.skipIf(engine === null)('what can be pruned', () => {
  if (engine === null) return;
  const { docker, baseImage } = engine;
  const undo: Array<() => Promise<unknown>> = [];
  afterEach(async () => {
    for (const step of undo.splice(0).toReversed()) await step().catch(() => undefined);
  });

  /** An image of a few bytes on top of the base, under this name and with these labels. */
  const make = async (reference: string, labels: Readonly<Record<string, string>>): Promise<string> => {
    const container = await docker.createContainer({ Image: baseImage, Cmd: ['true'] });
    const [repo, tag] = reference.split(':');
    const changes = [...Object.entries(labels), ['made', digits()]].map(
      ([name, value]) => `LABEL ${name}=${value}`,
    );
    const { Id } = (await container.commit({ repo, tag, changes: changes.join('\n') })) as { Id: string };
    await container.remove();
    undo.push(() => docker.getImage(reference).remove({ force: true }));
    return Id;
  };
  const exists = async (reference: string): Promise<boolean> =>
    await docker
      .getImage(reference)
      .inspect()
      .then(
        () => true,
        () => false,
      );
  /** As if no launch took any of them. Others' images on this engine are left out: only what is made here may go. */
  const oldOf = async (name: string): Promise<readonly Prunable[]> => {
    const ours = (await listOurImages(docker)).filter((image) => image.name === name);
    return (await findPrunable(docker, markAll(ours))).filter(({ kind }) => kind === 'image');
  };
  const markAll = (images: readonly OurImage[]) => images.map((image) => ({ ...image, isCurrent: false }));

  test('is an old image of ours, and nothing that looks like one', async () => {
    const name = `test-${digits()}`;
    const ours = `bot-bottle/${name}:${digits()}`;
    const unlabelled = `bot-bottle/${name}:${digits()}`;
    const derived = `example.com/mine-${digits()}:${digits()}`;
    const elsewhere = `example.com/bot-bottle/${name}:${digits()}`;
    const named = `bot-bottle/${name}:mine`;
    await make(ours, { [imageLabel]: name });
    await make(unlabelled, {});
    // What somebody made on top of ours has inherited its label.
    await make(derived, { [imageLabel]: name });
    await make(elsewhere, { [imageLabel]: name });
    await make(named, { [imageLabel]: name });
    const old = await oldOf(name);
    expect(old.map(({ reference }) => reference)).toEqual([ours]);
    expect(await Promise.all(old.map((each) => each.remove()))).toEqual([true]);
    expect(await exists(ours)).toBe(false);
    for (const other of [unlabelled, derived, elsewhere, named]) expect(await exists(other)).toBe(true);
  }, 120_000);

  test('is what has label and name, whoever gave them: labels decide', async () => {
    const name = `test-${digits()}`;
    const forged = `bot-bottle/${name}:${digits()}`;
    const other = `example.com/theirs-${digits()}:1`;
    await make(other, { [imageLabel]: name });
    const [repo = '', tag = ''] = forged.split(':');
    await docker.getImage(other).tag({ repo, tag });
    undo.push(() => docker.getImage(forged).remove({ force: true }));
    const [found] = await oldOf(name);
    expect(found?.reference).toBe(forged);
    expect(await found?.remove()).toBe(true);
    // Only that name of it is gone.
    expect(await exists(other)).toBe(true);
    expect(await exists(forged)).toBe(false);
  }, 120_000);

  test('is no image that a container was made of, whether before or after it was shown', async () => {
    const name = `test-${digits()}`;
    const reference = `bot-bottle/${name}:${digits()}`;
    await make(reference, { [imageLabel]: name });
    const [shown] = await oldOf(name);
    const container = await docker.createContainer({ Image: reference, Cmd: ['true'] });
    undo.push(() => container.remove({ force: true }));
    expect(await shown?.remove()).toBe(false);
    expect(await exists(reference)).toBe(true);
    expect(await oldOf(name)).toEqual([]);
    expect((await listOurImages(docker)).find((each) => each.name === name)?.inUse).toBe(true);
  }, 120_000);

  test('is not what has another image under its name by now', async () => {
    const name = `test-${digits()}`;
    const reference = `bot-bottle/${name}:${digits()}`;
    await make(reference, { [imageLabel]: name });
    const [shown] = await oldOf(name);
    await make(reference, { [imageLabel]: name });
    expect(await shown?.remove()).toBe(false);
    expect(await exists(reference)).toBe(true);
  }, 120_000);

  test('a list tells what a launch takes, without building anything', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bb-prune-'));
    undo.push(async () => rmSync(folder, { recursive: true }));
    const dockerfile = join(folder, 'Dockerfile');
    writeFileSync(dockerfile, `FROM ${baseImage}\nLABEL made=${digits()}\n`);
    const wanted = { agent: { name: 'bot-bottle-command', dockerfile } };
    const images = createDockerImages({ baseImage });
    const before = (await images.list([wanted])).map(({ reference }) => reference);
    const { reference, wasBuilt } = await images.build(wanted);
    undo.push(() => docker.getImage(reference).remove({ force: true }));
    expect({ wasBuilt, isNew: !before.includes(reference) }).toEqual({ wasBuilt: true, isNew: true });
    expect(await images.build(wanted)).toEqual({ reference, wasBuilt: false });
    const listed = (await images.list([wanted])).find((each) => each.reference === reference);
    expect(listed).toMatchObject({ name: 'agent-own', isCurrent: true, inUse: false });
    const prunable = (await images.prunable([wanted])).map((each) => each.reference);
    expect(prunable).not.toContain(reference);
    writeFileSync(dockerfile, `FROM ${baseImage}\nLABEL made=${digits()}\n`);
    expect((await images.prunable([wanted])).map((each) => each.reference)).toContain(reference);
  }, 120_000);

  test('a bottle that starts while its image is removed builds it again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bb-prune-'));
    undo.push(async () => rmSync(folder, { recursive: true }));
    const dockerfile = join(folder, 'Dockerfile');
    writeFileSync(dockerfile, `FROM ${baseImage}\nLABEL made=${digits()}\n`);
    const image = { name: 'bot-bottle-command', dockerfile };
    const { reference } = await createDockerImages({ baseImage }).build({ agent: image });
    undo.push(() => docker.getImage(reference).remove({ force: true }));
    const found = Promise.withResolvers<void>();
    const host = await backendOn(engine).open(bottleSpec({ image }), {
      onStep: ({ what }) => {
        if (what === 'image of the agent') found.resolve();
      },
    });
    try {
      await found.promise;
      await docker.getImage(reference).remove();
      const bottle = await host.startBottle();
      expect(await exists(reference)).toBe(true);
      await bottle.close();
    } finally {
      expect(await host.close()).toEqual([]);
    }
  }, 120_000);

  test('a sidecar that starts while the image or the shared bridge is removed has both again', async () => {
    const { evenIfPruned, Lookup } = await import('../src/even-if-pruned.ts');
    const network = await docker.createNetwork({ Name: `bb-prune-${digits()}`, Driver: 'bridge' });
    undo.push(() => network.remove());
    const ids = ['0'.repeat(64), network.id];
    const lookup = new Lookup(async () => ids.shift() ?? '');
    const seen: string[] = [];
    await evenIfPruned([lookup], async () => {
      const id = await lookup.get();
      seen.push(id);
      await docker.getNetwork(id).inspect();
    });
    expect(seen).toEqual(['0'.repeat(64), network.id]);
    // Anything else that fails is told at once.
    await expect(
      evenIfPruned([lookup], () => docker.getContainer('bb-none').inspect()),
    ).rejects.toMatchObject({ statusCode: 404 });
  }, 60_000);
});
