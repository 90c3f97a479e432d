import { readFileSync } from 'node:fs';
import path from 'node:path';
import { effectiveAgent, parseAgent, parseBottle } from '@bot-bottle/manifest';
import { describe, expect, it } from 'vitest';

const repository = path.resolve(import.meta.dirname, '../../..');
const doc = readFileSync(path.join(repository, 'docs/manifest.md'), 'utf8');

describe('the reference', () => {
  it('shows a bottle and an agent that work together', () => {
    const [bottle = '', agent = ''] = [...doc.matchAll(/^```markdown\n([\s\S]*?)^```$/gm)].map(
      (match) => match[1],
    );
    const dev = parseBottle(bottle, 'dev.md');
    const reviewer = effectiveAgent(parseAgent(agent, 'reviewer.md'), new Map([['dev', dev]]), {
      source: 'home',
    });
    expect(reviewer.bottle.egress.routes).toHaveLength(4);
    expect(reviewer.bottle.gitGate.user).toEqual({
      name: { value: 'Reviewer', origin: 'agent' },
      email: { value: 'agent@example.com', origin: 'bottle' },
    });
  });

  it('shows every section of a bottle in the example', () => {
    const example = doc.slice(doc.indexOf('## Example'));
    for (const [, key] of doc.matchAll(
      /^\| `([a-z_-]+)` \| (?:map|map of text|bool|text or list of text)/gm,
    )) {
      expect(example).toMatch(new RegExp(`^${key}:`, 'm'));
    }
  });
});
