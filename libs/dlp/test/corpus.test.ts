import { describe, expect, it } from 'vitest';
import { benignKinds, benignRequests } from './support/corpus/benign.ts';
import { encodings } from './support/corpus/encodings.ts';
import { benignPassed, knownContained, tokensContained } from './support/corpus/measure.ts';
import { surfacesOf } from './support/corpus/surfaces.ts';

// The whole corpora are measured by `npm run bench -- dlp`; the strides here are coprime to what they thin out.
describe('secrets composed of values, encodings and surfaces', () => {
  it('come in every encoding and on every surface', () => {
    expect(encodings.length).toBeGreaterThanOrEqual(40);
    expect(surfacesOf.length).toBeGreaterThanOrEqual(25);
  });

  it('are contained in one encoding', async () => {
    const { cases, wrong } = await knownContained('ci', 'single', 23);
    expect(cases).toBeGreaterThan(500);
    expect(wrong).toEqual([]);
  }, 120_000);

  it('are contained in two encodings', async () => {
    const { cases, wrong } = await knownContained('ci', 'nested', 523);
    expect(cases).toBeGreaterThan(400);
    expect(wrong).toEqual([]);
  }, 120_000);

  it('of the formats of vendors are contained but for two in a hundred', async () => {
    const { cases, right } = await tokensContained(97);
    expect(cases).toBeGreaterThan(500);
    expect(right / cases).toBeGreaterThanOrEqual(0.98);
  }, 120_000);
});

describe('harmless requests', () => {
  it('are the same for the same seed, and of many kinds', () => {
    expect(benignKinds.length).toBeGreaterThanOrEqual(18);
    const once = [...benignRequests('same', 25)];
    expect([...benignRequests('same', 25)]).toEqual(once);
    expect([...benignRequests('other', 25)]).not.toEqual(once);
  });

  it('pass, but for one in a thousand, and on routes of a provider always', async () => {
    const { manifest, provider } = await benignPassed('ci', 420);
    expect(provider.cases).toBeGreaterThan(30);
    expect(provider.wrong).toEqual([]);
    expect(manifest.cases - manifest.right, manifest.wrong.join('; ')).toBeLessThanOrEqual(
      manifest.cases / 1000,
    );
  }, 120_000);
});
