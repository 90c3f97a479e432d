import { composeBottle, manifestFromObject, parseBottle } from '@bot-bottle/manifest';
import { describe, expect, it } from 'vitest';
import { catchErrors } from './support/catch-errors.ts';

const bottle = { env: { A: '?' }, egress: { routes: [{ host: 'A.example.com', env_secrets: ['A'] }] } };

describe('a manifest from an object', () => {
  it('gives the same bottle as a file', () => {
    const file = parseBottle(`---\n${JSON.stringify(bottle)}\n---\n`, 'dev.md');
    const object = manifestFromObject({ bottles: { dev: bottle } });
    expect(object.bottle('dev')).toEqual(composeBottle('dev', new Map([['dev', file]])));
  });

  it('takes the prompt of an agent as a key', () => {
    const manifest = manifestFromObject({
      bottles: { dev: {} },
      agents: { me: { bottle: 'dev', prompt: ' Be careful. ' } },
    });
    expect(manifest.agent('me')).toMatchObject({
      prompt: 'Be careful.',
      source: 'object',
      file: null,
      replaces: null,
    });
    expect(manifest.agentNames).toEqual(['me']);
  });

  it('changes the content hash with anything that matters', () => {
    const hash = (agent: Record<string, unknown>) =>
      manifestFromObject({
        bottles: { dev: {}, other: {} },
        agents: { me: { bottle: 'dev', ...agent } },
      }).agent('me').contentHash;
    const hashes = [
      {},
      { prompt: 'x' },
      { skills: ['x'] },
      { bottle: 'other' },
      { 'git-gate': { user: { name: 'x' } } },
    ].map(hash);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('reports the problems of all entries at once', async () => {
    const { errors } = await catchErrors(() =>
      manifestFromObject({ bottles: { a: { nope: 1 }, 'B!': {} }, agents: { me: { skills: 1 } } }),
    );
    expect(errors.map(({ entity, path, code }) => [entity, path, code])).toEqual([
      ['bottle a', 'nope', 'unknown_key'],
      ['bottle B…', '', 'invalid_name'],
      ['agent me', 'bottle', 'missing_key'],
      ['agent me', 'skills', 'invalid_type'],
    ]);
  });

  it.each([null, [], 'text', { bottles: [] }, { bottle: {} }])('refuses %j', (object) => {
    expect(() => manifestFromObject(object)).toThrow(/an object with the maps/);
  });

  it('names the agents that exist', () => {
    const manifest = manifestFromObject({ bottles: { dev: {} }, agents: { reviewer: { bottle: 'dev' } } });
    expect(() => manifest.agent('reviewr')).toThrow(/known agents: reviewer \(did you mean `reviewer`\?\)/);
  });
});
