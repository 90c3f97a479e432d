import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { minimize } from '../src/fuzz/minimize.ts';
import { mutated } from '../src/fuzz/mutation.ts';
import { must } from '../src/fuzz/target.ts';

describe('the fuzzer itself', () => {
  test('makes the same inputs of the same seed, and others of another', () => {
    const inputs = mutated([Buffer.from('GET / HTTP/1.1\r\n\r\n')], ['\0', 'Host: x\r\n']);
    const of = (seed: number): string[] =>
      fc.sample(inputs, { numRuns: 50, seed }).map((bytes) => bytes.toString('latin1'));
    expect(of(7)).toEqual(of(7));
    expect(of(7)).not.toEqual(of(8));
    expect(new Set(of(7)).size).toBeGreaterThan(30);
  });

  test('finds what breaks and leaves nothing else of the input', async () => {
    const run = (bytes: Buffer): void => must(!bytes.includes('\0!'), 'it breaks');
    const [found] = fc
      .sample(mutated([Buffer.from('some words')], ['\0!']), { numRuns: 500, seed: 1 })
      .filter((bytes) => bytes.includes('\0!'));
    expect(found).toBeDefined();
    const minimal = await minimize(found ?? Buffer.alloc(0), async (bytes) => {
      try {
        run(bytes);
        return false;
      } catch {
        return true;
      }
    });
    expect(minimal.toString('latin1')).toBe('\0!');
  });
});
