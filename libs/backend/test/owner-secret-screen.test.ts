import { expect, it } from 'vitest';
import type { ProposalRequest } from '@bot-bottle/supervise';
import { emptySecrets, SecretStore } from '../src/index.ts';
import { secretScreen } from '../src/owner/secret-screen.ts';

const value = 'Zk3vQ9xLr7TbW4nMs8Vf';
const canary = { name: 'OTHER_KEY', value: 'canary-5Hq2Rz8Lw0Px7Tc4' };
const screen = secretScreen({ ...emptySecrets(), env: new SecretStore([['DEPLOY_KEY', value]]) }, canary);

const reach = (
  changes: Partial<Extract<ProposalRequest, { kind: 'egress-block' }>> = {},
): ProposalRequest => ({
  kind: 'egress-block',
  host: 'packages.example',
  ports: [443],
  path_allowlist: ['/simple'],
  methods: ['GET'],
  minutes: null,
  justification: 'a package is needed',
  ...changes,
});

it('lets a request pass that holds no secret', async () => {
  await expect(screen(reach())).resolves.toBeUndefined();
});

it.each<[string, ProposalRequest]>([
  ['in the justification', reach({ justification: `use ${value} please` })],
  ['in base64', reach({ justification: Buffer.from(`key=${value}`).toString('base64') })],
  ['in hex, as a host', reach({ host: `${Buffer.from(value).toString('hex')}.example` })],
  ['in a path', reach({ path_allowlist: [`/${encodeURIComponent(value)}`] })],
  ['reversed', reach({ justification: Array.from(value).toReversed().join('') })],
  ['as the canary', reach({ justification: canary.value })],
])('refuses one that holds a secret %s, without repeating it', async (_where, request) => {
  const error: unknown = await screen(request).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'invalid_proposal', message: expect.stringMatching(/^dlp_blocked: /) });
  expect(String(error)).not.toContain(value);
});
