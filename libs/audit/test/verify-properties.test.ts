import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { AuditLog, appendExclusive, auditLineSchema, headLineSchema, verifyAudit } from '@bot-bottle/audit';
import { renderLine } from '../src/audit-line.ts';
import { renderHead } from '../src/head-line.ts';
import { bottle, event } from './helpers.ts';

/** Path below the audit folder → content. */
type Files = ReadonlyMap<string, string>;
const heads = 'heads.jsonl';
const layers = ['egress', 'git-gate', 'supervise', 'host'] as const;
type Layer = (typeof layers)[number];

/** Runs with a folder that goes at once: a property needs thousands. */
async function inFolder<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'audit-'));
  try {
    return await use(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Two sessions of a bottle with rotated files of several layers, and those of another bottle between. */
async function sampleLog(dir: string): Promise<Files> {
  const other = async (): Promise<void> =>
    await appendExclusive({ dir, bottle: 'other-00000', events: [event('x')] });
  await other();
  for (const session of [1, 2]) {
    const log = await AuditLog.open({ dir, bottle, maxFileBytes: 9000, repeatWindowMs: 0 });
    // More than 64 of one layer, so that there are heads that are not final.
    for (let index = 0; index < 70; index += 1)
      await log.append([event(`GET https://host/${session}/${index}`)]);
    for (let index = 0; index < 16; index += 1) {
      await log.append([event(`ref ${session}/${index}`, { layer: 'git-gate', action: 'push' })]);
      await log.append([event(`${session}/${index}`, { layer: 'host', action: 'exec', outcome: 'done' })]);
    }
    if (session === 2) await log.append([event('p', { layer: 'supervise', action: 'proposal' })]);
    await log.close();
    if (session === 1) await other();
  }
  const names = [heads, ...(await readdir(join(dir, bottle))).map((name) => join(bottle, name))];
  const files = new Map<string, string>();
  for (const name of names) files.set(name, await readFile(join(dir, name), 'latin1'));
  return files;
}

/** Files of a layer in the order of its chain. */
function filesOf(files: Files, layer: Layer): string[] {
  const number = (name: string): number =>
    Number(/\.(\d+)\.jsonl$/.exec(name)?.[1] ?? Number.POSITIVE_INFINITY);
  return [...files.keys()]
    .filter((name) => name.startsWith(`${bottle}/${layer}.`) && name.endsWith('.jsonl'))
    .toSorted((a, b) => number(a) - number(b));
}

const linesOf = (text: string): string[] => text.split('\n').slice(0, -1);
const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

/** The files with other lines in a layer, each file as long as before; the last takes the rest. */
function withLines(files: Files, layer: Layer, change: (lines: string[]) => readonly string[]): Files {
  const names = filesOf(files, layer);
  const counts = names.map((name) => linesOf(files.get(name) ?? '').length);
  const all = [...change(names.flatMap((name) => linesOf(files.get(name) ?? '')))];
  const changed = new Map(files);
  for (const [index, name] of names.entries())
    changed.set(name, textOf(index === names.length - 1 ? all.splice(0) : all.splice(0, counts[index])));
  return changed;
}

/** Makes numbers and hashes right again from a line on, as a careful forger would. */
function rechained(lines: readonly string[], target: (seq: number, was: string) => string): string[] {
  let prev = '0'.repeat(64);
  return lines.map((text, index) => {
    const line = auditLineSchema.parse(JSON.parse(text));
    const made = renderLine({ ...line, seq: index + 1, prev, target: target(index + 1, line.target) });
    prev = made.hash;
    return made.text;
  });
}

function rechainedHeads(
  files: Files,
  change: (lines: string[]) => readonly string[],
  alter: (fields: ReturnType<typeof headLineSchema.parse>, index: number) => object = () => ({}),
): Files {
  let prev = '0'.repeat(64);
  const made = change(linesOf(files.get(heads) ?? '')).map((text, index) => {
    const line = headLineSchema.parse(JSON.parse(text));
    const rendered = renderHead({ ...line, ...alter(line, index), n: index + 1, prev });
    prev = rendered.head;
    return rendered.text;
  });
  return new Map(files).set(heads, textOf(made));
}

const same = (_seq: number, was: string): string => was;
let original: Files = new Map();
beforeAll(async () => void (original = await inFolder(sampleLog)));

async function isFound(files: Files): Promise<boolean> {
  return await inFolder(async (dir) => {
    for (const [name, text] of files) {
      await mkdir(dirname(join(dir, name)), { recursive: true });
      await writeFile(join(dir, name), text, 'latin1');
    }
    const { ok, problems } = await verifyAudit({ dir, bottle });
    expect(ok).toBe(problems.length === 0);
    return !ok;
  });
}

/** What a reader sees: lines of each layer, wherever they stand, and the heads. */
const seen = (files: Files): string =>
  JSON.stringify([
    files.get(heads),
    ...layers.map((layer) => filesOf(files, layer).map((name) => files.get(name) ?? '')),
  ]);

const layerOf = fc.constantFrom(...layers);
const someFile = fc.nat(1000).map((at) => [...original.keys()][at % original.size] ?? heads);
const at = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const place = (share: number, length: number): number => Math.floor(share * length);

/** Every way of tampering, as a function from the files to the files. */
const tampering: fc.Arbitrary<(files: Files) => Files> = fc.oneof(
  fc.tuple(someFile, at, fc.integer({ min: 1, max: 255 })).map(([name, share, flip]) => (files: Files) => {
    const bytes = Buffer.from(files.get(name) ?? '', 'latin1');
    const index = place(share, bytes.length);
    bytes[index] = (bytes[index] ?? 0) ^ flip;
    return new Map(files).set(name, bytes.toString('latin1'));
  }),
  fc.tuple(someFile, at).map(([name, share]) => (files: Files) => {
    const text = files.get(name) ?? '';
    return new Map(files).set(name, text.slice(0, place(share, text.length)));
  }),
  someFile.map((name) => (files: Files) => {
    const changed = new Map(files);
    changed.delete(name);
    return changed;
  }),
  fc.tuple(someFile, someFile).map(([one, other]) => (files: Files) => {
    const [first, second] = [files.get(one) ?? '', files.get(other) ?? ''];
    return new Map(files).set(one, second).set(other, first);
  }),
  // The tail of a layer, over the borders of its files, which stay empty or go.
  fc.tuple(layerOf, at, fc.boolean()).map(([layer, share, keepFiles]) => (files: Files) => {
    const changed = new Map(withLines(files, layer, (lines) => lines.slice(0, place(share, lines.length))));
    for (const name of filesOf(changed, layer))
      if (!keepFiles && changed.get(name) === '') changed.delete(name);
    return changed;
  }),
  fc.tuple(layerOf, at, fc.integer({ min: 1, max: 8 })).map(
    ([layer, share, count]) =>
      (files: Files) =>
        withLines(files, layer, (lines) => lines.toSpliced(place(share, lines.length), count)),
  ),
  fc.tuple(layerOf, layerOf, at, at).map(([from, to, share, where]) => (files: Files) => {
    const source = filesOf(files, from).flatMap((name) => linesOf(files.get(name) ?? ''));
    return withLines(files, to, (lines) =>
      lines.toSpliced(place(where, lines.length + 1), 0, source[place(share, source.length)] ?? ''),
    );
  }),
  fc.tuple(layerOf, at, at).map(
    ([layer, one, other]) =>
      (files: Files) =>
        withLines(files, layer, (lines) => {
          const [first, second] = [place(one, lines.length), place(other, lines.length)];
          return lines.with(first, lines[second] ?? '').with(second, lines[first] ?? '');
        }),
  ),
  // A well-formed line with the right number, link and hash of its own.
  fc.tuple(layerOf, at).map(
    ([layer, share]) =>
      (files: Files) =>
        withLines(files, layer, (lines) => {
          const index = place(share, lines.length);
          const before = auditLineSchema.parse(JSON.parse(lines[index] ?? ''));
          const forged = renderLine({ ...before, seq: before.seq + 1, prev: before.hash, target: 'forged' });
          return lines.toSpliced(index + 1, 0, forged.text);
        }),
  ),
  // A whole chain made anew: a line changed, removed, inserted or moved, and every hash after it right.
  fc.tuple(layerOf, at, fc.constantFrom('change', 'remove', 'insert', 'swap', 'cut')).map(
    ([layer, share, what]) =>
      (files: Files) =>
        withLines(files, layer, (lines) => {
          const index = place(share, lines.length);
          switch (what) {
            case 'change':
              return rechained(lines, (seq, was) => (seq === index + 1 ? `${was}!` : was));
            case 'remove':
              return rechained(lines.toSpliced(index, 1), same);
            case 'insert':
              return rechained(lines.toSpliced(index, 0, lines[0] ?? ''), same);
            case 'swap':
              return rechained(lines.with(0, lines[index] ?? '').with(index, lines[0] ?? ''), same);
            case 'cut':
              return rechained(lines.slice(0, index), same);
          }
        }),
  ),
  // The heads: lines of theirs removed, moved, inserted or copied.
  fc
    .tuple(at, at, fc.constantFrom('remove', 'copy', 'swap', 'cut'))
    .map(([one, other, what]) => (files: Files) => {
      const lines = linesOf(files.get(heads) ?? '');
      const [first, second] = [place(one, lines.length), place(other, lines.length)];
      const changed = {
        remove: () => lines.toSpliced(first, 1),
        copy: () => lines.toSpliced(second, 0, lines[first] ?? ''),
        swap: () => lines.with(first, lines[second] ?? '').with(second, lines[first] ?? ''),
        cut: () => lines.slice(0, first),
      }[what]();
      return new Map(files).set(heads, textOf(changed));
    }),
  // The heads made anew with all hashes right, but without what pins a final record, or with another line pinned.
  at.map((share) => (files: Files) => {
    const isOurs = (text: string): boolean => text.includes(`"bottle":"${bottle}"`);
    const finals = linesOf(files.get(heads) ?? '').filter(
      (text) => isOurs(text) && text.includes('"final":true'),
    );
    const gone = finals[place(share, finals.length)];
    return rechainedHeads(files, (lines) => lines.filter((text) => text !== gone));
  }),
  fc.tuple(at, fc.constantFrom('seq', 'hash', 'layer')).map(([share, what]) => (files: Files) => {
    const lines = linesOf(files.get(heads) ?? '');
    const ours = lines.flatMap((text, index) => (text.includes(`"bottle":"${bottle}"`) ? [index] : []));
    const chosen = ours[place(share, ours.length)];
    return rechainedHeads(
      files,
      (all) => all,
      (line, index) => {
        if (index !== chosen) return {};
        if (what === 'seq') return { seq: line.seq + 1 };
        if (what === 'hash') return { hash: 'ab'.repeat(32) };
        return { layer: line.layer === 'host' ? 'egress' : 'host' };
      },
    );
  }),
);

test('the sample has rotated files, two sessions and heads between, and is whole', async () => {
  expect(filesOf(original, 'egress').length).toBeGreaterThan(3);
  expect(filesOf(original, 'git-gate').length).toBeGreaterThan(1);
  const kinds = linesOf(original.get(heads) ?? '').map(
    (text) => headLineSchema.parse(JSON.parse(text)).final,
  );
  expect(kinds).toContain(false);
  expect(await isFound(original)).toBe(false);
});

test(
  'whatever is changed, removed, moved or inserted, in any file, is found',
  { timeout: 60_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(tampering, async (tamper) => {
        const files = tamper(original);
        fc.pre(seen(files) !== seen(original));
        expect(await isFound(files)).toBe(true);
      }),
      { numRuns: 500 },
    );
  },
);

test('so is whatever is done twice', async () => {
  await fc.assert(
    fc.asyncProperty(tampering, tampering, async (first, second) => {
      let files: Files;
      try {
        files = second(first(original));
      } catch {
        // The first left nothing that the second could begin with.
        return;
      }
      fc.pre(seen(files) !== seen(original));
      expect(await isFound(files)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test.each(layers)('every line of %s is guarded: none can go, not the last ones either', async (layer) => {
  const count = filesOf(original, layer).flatMap((name) => linesOf(original.get(name) ?? '')).length;
  for (let index = 0; index < count; index += 1) {
    expect(await isFound(withLines(original, layer, (lines) => lines.toSpliced(index, 1)))).toBe(true);
    expect(await isFound(withLines(original, layer, (lines) => lines.slice(0, index)))).toBe(true);
  }
});

test('a log set back to the end of an earlier session is found', async () => {
  for (const layer of ['egress', 'git-gate', 'host'] as const) {
    const back = withLines(original, layer, (lines) =>
      lines.slice(0, lines.findIndex((line) => line.includes('"action":"log-closed"')) + 1),
    );
    expect(seen(back)).not.toBe(seen(original));
    expect(await isFound(back)).toBe(true);
  }
});
