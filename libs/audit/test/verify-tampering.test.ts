import { appendFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AuditLog, appendExclusive, verifyAudit } from '@bot-bottle/audit';
import { sha256 } from '../src/audit-line.ts';
import { bottle, event, fileLines, layerPath, temporaryFolder } from './helpers.ts';

/** A closed log of `count` events and a final record. */
async function closedLog(count: number, maxFileBytes = 1_000_000): Promise<string> {
  const dir = await temporaryFolder();
  const events = Array.from({ length: count }, (_, index) => event(`GET https://host/${index}`));
  await appendExclusive({ dir, bottle, events, maxFileBytes });
  return dir;
}

async function rewrite(path: string, change: (lines: string[]) => string[]): Promise<void> {
  const lines = change(await fileLines(path));
  await writeFile(path, lines.map((line) => `${line}\n`).join(''));
}

async function found(dir: string): Promise<string[]> {
  const { problems } = await verifyAudit({ dir, bottle });
  return problems.map(({ kind, line }) => (line === null ? kind : `${kind}@${line}`));
}

/** Changes a line and makes its own hash right again, as a careful forger would. */
function forge(line: string): string {
  const body = line.replace('host/', 'hose/').replace(/,"hash":"[0-9a-f]{64}"\}$/, '}');
  return `${body.slice(0, -1)},"hash":"${sha256(body)}"}`;
}

describe('one tampering is reported as what it is', () => {
  test('nothing', async () => {
    expect(await found(await closedLog(6))).toEqual([]);
  });

  test('a changed line', async () => {
    const dir = await closedLog(6);
    await rewrite(layerPath(dir), (lines) => lines.with(2, (lines[2] ?? '').replace('host/2', 'host/9')));
    expect(await found(dir)).toEqual(['changed@3']);
  });

  test('a changed line with its hash made right', async () => {
    const dir = await closedLog(6);
    await rewrite(layerPath(dir), (lines) => lines.with(2, forge(lines[2] ?? '')));
    expect(await found(dir)).toEqual(['changed@3']);
  });

  test('white space added to a line', async () => {
    const dir = await closedLog(6);
    await rewrite(layerPath(dir), (lines) => lines.with(2, `${lines[2] ?? ''} `));
    expect(await found(dir)).toEqual(['changed@3']);
  });

  test('a member repeated in a line', async () => {
    const dir = await closedLog(6);
    await rewrite(layerPath(dir), (lines) => lines.with(2, `{"target":"x",${(lines[2] ?? '').slice(1)}`));
    expect(await found(dir)).toEqual(['changed@3']);
  });

  test('removed lines', async () => {
    const dir = await closedLog(6);
    await rewrite(layerPath(dir), (lines) => lines.toSpliced(2, 2));
    expect(await found(dir)).toEqual(['removed@3']);
  });

  test('a removed first line', async () => {
    const dir = await closedLog(6);
    await rewrite(layerPath(dir), (lines) => lines.slice(1));
    expect(await found(dir)).toEqual(['removed@1']);
  });

  test('an inserted copy', async () => {
    const dir = await closedLog(6);
    await rewrite(layerPath(dir), (lines) => lines.toSpliced(3, 0, lines[1] ?? ''));
    expect(await found(dir)).toEqual(['inserted@4']);
  });

  test('an inserted forgery', async () => {
    const dir = await closedLog(6);
    await rewrite(layerPath(dir), (lines) => lines.toSpliced(3, 0, forge(lines[2] ?? '')));
    expect(await found(dir)).toEqual(['inserted@4']);
  });

  test('an inserted line that is none', async () => {
    const dir = await closedLog(6);
    await rewrite(layerPath(dir), (lines) => lines.toSpliced(3, 0, 'hello'));
    expect(await found(dir)).toEqual(['inserted@4']);
  });

  test('a line after the final record', async () => {
    const dir = await closedLog(6);
    await appendFile(layerPath(dir), 'hello\n');
    expect(await found(dir)).toEqual(['inserted@8']);
  });

  test('two swapped lines', async () => {
    const dir = await closedLog(6);
    await rewrite(layerPath(dir), (lines) => lines.with(2, lines[4] ?? '').with(4, lines[2] ?? ''));
    expect((await found(dir)).every((problem) => problem.startsWith('reordered@'))).toBe(true);
    expect(await found(dir)).not.toEqual([]);
  });

  test('a cut tail', async () => {
    const dir = await closedLog(6);
    await rewrite(layerPath(dir), (lines) => lines.slice(0, 4));
    expect(await found(dir)).toEqual(['missing-tail']);
  });

  test('a removed file', async () => {
    const dir = await closedLog(6);
    await rm(layerPath(dir));
    expect(await found(dir)).toEqual(['missing-tail']);
  });

  test('a removed rotated file', async () => {
    const dir = await temporaryFolder();
    const log = await AuditLog.open({ dir, bottle, maxFileBytes: 2000 });
    for (let index = 0; index < 20; index += 1) await log.append([event(`${index}`)]);
    await log.close();
    await rm(layerPath(dir, 'egress.2.jsonl'));
    expect(await found(dir)).toEqual(['removed@1']);
  });

  test('a tail cut and written anew with right hashes', async () => {
    const dir = await closedLog(6);
    await rewrite(layerPath(dir), (lines) => lines.slice(0, 4));
    const heads = await readFile(join(dir, 'heads.jsonl'));
    await appendExclusive({ dir, bottle, events: [event('other'), event('other'), event('other')] });
    expect((await found(dir)).some((problem) => problem.startsWith('changed@'))).toBe(true);
    await writeFile(join(dir, 'heads.jsonl'), heads);
    expect(await found(dir)).not.toEqual([]);
  });

  test('the log of another bottle under this name', async () => {
    const dir = await closedLog(6);
    await rewrite(layerPath(dir), (lines) => lines.map((line) => forge(line.replace(bottle, 'other-00000'))));
    expect(await found(dir)).not.toEqual([]);
  });
});

describe('the heads are guarded too', () => {
  const headsOf = (dir: string): string => join(dir, 'heads.jsonl');

  test('a changed head', async () => {
    const dir = await closedLog(6);
    await rewrite(headsOf(dir), (lines) => lines.map((line) => line.replace('"seq":7', '"seq":6')));
    expect(await found(dir)).toContain('heads-changed@1');
  });

  test('a removed head of another bottle', async () => {
    const dir = await closedLog(6);
    await appendExclusive({ dir, bottle: 'other-00000', events: [event('a')] });
    await appendExclusive({ dir, bottle, events: [event('a')] });
    await rewrite(headsOf(dir), (lines) => lines.toSpliced(1, 1));
    expect(await found(dir)).toEqual(['heads-changed@2']);
  });

  test('heads and log cut together', async () => {
    const dir = await closedLog(6);
    await appendExclusive({ dir, bottle, events: [event('a')] });
    await rewrite(headsOf(dir), (lines) => lines.slice(0, 1));
    expect(await found(dir)).toEqual(['heads-changed']);
  });

  test('heads removed', async () => {
    const dir = await closedLog(6);
    await rm(headsOf(dir));
    expect(await found(dir)).toEqual(['heads-changed']);
  });

  test('a damaged end of the heads stops no other bottle and stays reported', async () => {
    const dir = await closedLog(6);
    await appendFile(headsOf(dir), 'garbage\n');
    await appendExclusive({ dir, bottle: 'other-00000', events: [event('a')] });
    expect(await found(dir)).toEqual(['heads-changed@2']);
  });
});

describe('no tampering goes unseen', () => {
  const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

  test('any change of any byte', async () => {
    const dir = await closedLog(8);
    const original = await readFile(layerPath(dir));
    await fc.assert(
      fc.asyncProperty(fc.nat(original.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const copy = Buffer.from(original);
        copy[at] = (copy[at] ?? 0) ^ flip;
        await writeFile(layerPath(dir), copy);
        expect(await found(dir)).not.toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test('any cut', async () => {
    const dir = await closedLog(8);
    const original = await readFile(layerPath(dir));
    await fc.assert(
      fc.asyncProperty(fc.nat(original.length - 1), async (length) => {
        await writeFile(layerPath(dir), original.subarray(0, length));
        const kinds = await found(dir);
        expect(kinds).toContain('missing-tail');
        const isAtLineEnd = length === 0 || original[length - 1] === 0x0a;
        expect(kinds.includes('torn-last-line')).toBe(!isAtLineEnd);
      }),
      { numRuns: 100 },
    );
  });

  test('any removal, insertion or move of lines', async () => {
    const dir = await closedLog(10);
    const original = await fileLines(layerPath(dir));
    const index = fc.nat(original.length - 1);
    const change = fc.oneof(
      index.map((at) => original.toSpliced(at, 1)),
      fc.tuple(index, index).map(([from, at]) => original.toSpliced(at, 0, original[from] ?? '')),
      fc.tuple(index, index).map(([from, at]) => original.toSpliced(at, 0, forge(original[from] ?? ''))),
      fc.shuffledSubarray(original),
      fc.shuffledSubarray(original, { minLength: original.length }),
    );
    await fc.assert(
      fc.asyncProperty(change, async (lines) => {
        fc.pre(lines.join('\n') !== original.join('\n'));
        await writeFile(layerPath(dir), bytesOf(lines.map((line) => `${line}\n`).join('')));
        expect(await found(dir)).not.toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test('any change of the heads', async () => {
    const dir = await closedLog(8);
    const original = await readFile(join(dir, 'heads.jsonl'));
    await fc.assert(
      fc.asyncProperty(fc.nat(original.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const copy = Buffer.from(original);
        copy[at] = (copy[at] ?? 0) ^ flip;
        await writeFile(join(dir, 'heads.jsonl'), copy);
        expect(await found(dir)).not.toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test('garbage of any kind is examined without an error', async () => {
    const dir = await closedLog(3);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
        await writeFile(layerPath(dir), bytes);
        expect(await found(dir)).not.toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});

test('a torn end of a crashed log is told apart from a missing final record', async () => {
  const dir = await closedLog(3);
  await rm(join(dir, 'heads.jsonl'));
  await rewrite(layerPath(dir), (lines) => lines.slice(0, 2));
  expect(await found(dir)).toEqual(['missing-final@2']);
  await truncate(layerPath(dir), (await readFile(layerPath(dir))).length - 5);
  expect(await found(dir)).toEqual(['torn-last-line', 'missing-final@1']);
});
