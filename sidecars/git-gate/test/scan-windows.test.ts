import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packFile } from '../src/scan/gitleaks-files.ts';
import { WindowCutter, type ScanWindow } from '../src/scan/window-cutter.ts';
import { fakeSecret } from './support/fake-secrets.ts';
import { createPushScene, gitleaks, type PushScene } from './support/push-scene.ts';

const options = { size: 20_000, overlap: 4096 };

function cut(bytes: Buffer, chunks: readonly number[]): ScanWindow[] {
  const cutter = new WindowCutter(options);
  const windows: ScanWindow[] = [];
  let at = 0;
  for (const length of chunks) {
    const end = Math.min(bytes.length, at + length);
    if (end < bytes.length) windows.push(...cutter.push(bytes.subarray(at, end), false));
    at = end < bytes.length ? end : at;
  }
  return [...windows, ...cutter.push(bytes.subarray(at), true)];
}

const content = fc
  .array(fc.tuple(fc.constantFrom('a', 'Zz09', '\n', ' ', 'x\n', '='), fc.nat(9000)), { maxLength: 12 })
  .map((parts) => Buffer.from(parts.map(([text, times]) => text.repeat(times)).join('')));

describe('windows of an object', () => {
  it('show every stretch up to the overlap whole, at its place and line', () => {
    fc.assert(
      fc.property(content, fc.array(fc.integer({ min: 1, max: 70_000 })), fc.nat(), (bytes, chunks, seed) => {
        const windows = cut(bytes, chunks);
        for (const { bytes: part, offset, lines } of windows) {
          expect(part.length).toBeLessThanOrEqual(options.size);
          expect(bytes.subarray(offset, offset + part.length).equals(part)).toBe(true);
          expect(lines).toBe(bytes.toString('latin1', 0, offset).split('\n').length - 1);
        }
        if (bytes.length === 0) return;
        const start = seed % bytes.length;
        const end = Math.min(bytes.length, start + options.overlap);
        expect(
          windows.some(({ bytes: part, offset }) => offset <= start && offset + part.length >= end),
        ).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('start a multiple of four from where a run of base64 began', () => {
    const bytes = Buffer.from(`word ${'QUJD'.repeat(20_000)}`);
    const starts = cut(bytes, [1000, 30_000, 7]).map(({ offset }) => offset);
    expect(starts.length).toBeGreaterThan(3);
    expect(starts.slice(1).map((offset) => (offset - 5) % 4)).toEqual(starts.slice(1).map(() => 0));
  });
});

it('never puts what looks like the mark of an ISO image where gitleaks looks for it', () => {
  const bytes = Buffer.from('CD001'.repeat(15_000));
  const object = { type: 'blob', oid: null, path: null } as const;
  for (let time = 0; time < 100; time++) {
    const file = packFile([{ object, window: { bytes, offset: 0, lines: 0 } }], 'txt');
    expect(file.bytes.toString('latin1', 32_769, 32_774)).not.toBe('CD001');
    const [segment] = file.segments;
    expect(file.bytes.subarray(segment?.start, segment?.end).equals(bytes)).toBe(true);
    expect(file.bytes.length).toBeLessThan(100_000);
  }
});

describe.each(gitleaks === null ? (['builtin'] as const) : (['builtin', 'gitleaks'] as const))(
  '%s',
  (mode) => {
    let scene: PushScene;
    beforeAll(async () => {
      scene = await createPushScene();
    });
    afterAll(() => scene.close());

    /** Where windows of gitleaks' and of dlp's size end; around each of these something could be cut. */
    const edges = mode === 'gitleaks' ? [78_976, 100_000, 125_000, 141_568] : [983_040, 1_048_576];

    it('finds a secret at any place around the ends of windows in a file of one line', async () => {
      const secret = fakeSecret('edge');
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...edges),
          fc.integer({ min: -90, max: 40 }),
          async (edge, shift) => {
            const before = 'word word '.repeat(Math.ceil(edge / 10)).slice(0, edge + shift);
            const file = `${before} ${secret} ${'tail tail '.repeat(12_000)}`;
            const tip = await scene.pushed({ files: { file } });
            const { findings } = await scene.scan({ 'refs/heads/x': tip }, { mode });
            expect(findings).toMatchObject([{ path: 'file', line: 1 }]);
            expect(findings[0]?.masked).toContain(' ******** ');
          },
        ),
        // the secret ends where the window does, so only the next one shows what follows
        {
          numRuns: 12,
          examples: edges.flatMap((edge) => [-1, -41].map((shift): [number, number] => [edge, shift])),
        },
      );
    });

    it('finds one secret in each of many small files', async () => {
      const files = Object.fromEntries(
        Array.from({ length: 300 }, (_, n) => [
          `d/${n}.txt`,
          `${'.\n'.repeat(n)}${fakeSecret(`many${n}`)}\n`,
        ]),
      );
      const tip = await scene.pushed({ files });
      const { findings, objects } = await scene.scan({ 'refs/heads/x': tip }, { mode });
      expect(objects).toBe(303);
      const found = findings.map(({ path, line }) => `${path} ${line}`).toSorted();
      expect(found).toEqual(Array.from({ length: 300 }, (_, n) => `d/${n}.txt ${n + 1}`).toSorted());
    });
  },
);
