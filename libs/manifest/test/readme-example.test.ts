import { effectiveAgent, manifestFromObject, parseAgent, parseBottle } from '@bot-bottle/manifest';
import { expect, it } from 'vitest';

it('shows in the README what really happens', () => {
  const dev = parseBottle('---\negress:\n  routes:\n    - host: API.Example.com\n---\n', 'dev.md');
  const me = parseAgent('---\nbottle: dev\n---\nBe careful.\n', 'me.md');
  const agent = effectiveAgent(me, new Map([['dev', dev]]), { source: 'home' });
  expect(agent.bottle.egress.routes[0]?.host).toBe('api.example.com');
  const manifest = manifestFromObject({
    bottles: { dev: {} },
    agents: { me: { bottle: 'dev', prompt: 'Be careful.' } },
  });
  expect(manifest.agent('me').prompt).toBe('Be careful.');
});
