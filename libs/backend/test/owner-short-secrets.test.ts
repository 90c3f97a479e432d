import { expect, it } from 'vitest';
import { emptySecrets, SecretStore } from '../src/index.ts';
import { shortSecretWarnings } from '../src/owner/short-secrets.ts';
import { launched } from './owner-launched.ts';

const short = (value: string) =>
  shortSecretWarnings(
    { identity: 'b-1', slotRefs: { EGRESS_TOKEN_0: { kind: 'host-env', name: 'GH_TOKEN' } } },
    {
      slots: new SecretStore([['EGRESS_TOKEN_0', value]]),
      env: new SecretStore([['DB_PIN', value]]),
    },
  );

it.each([
  ['one byte', 'x'],
  ['seven bytes', '1234567'],
  ['seven bytes in white space', ' 1234567 \n'],
])('names each secret of %s, and no value', async (_, value) => {
  const warnings = await short(value);
  expect(warnings).toEqual([
    expect.stringMatching(/^b-1: the secret GH_TOKEN is shorter than 8 bytes/),
    expect.stringMatching(/^b-1: the secret DB_PIN is shorter than 8 bytes/),
  ]);
  expect(warnings.join('')).not.toContain('1234567');
});

it.each([
  ['eight bytes', '12345678'],
  ['eight bytes in fewer characters', 'ääää'],
  ['none, which is no secret', ''],
  ['many bytes', 'x'.repeat(100)],
])('says nothing of %s', async (_, value) => {
  expect(await short(value)).toEqual([]);
});

it('is told at the launch, once', async () => {
  const secrets = { ...emptySecrets(), env: new SecretStore([['DB_PIN', '4711']]) };
  const { warnings, plan } = await launched(['true'], {}, { secrets });
  const told = warnings.filter((text) => text.includes('shorter'));
  expect(told).toEqual([expect.stringContaining(`${plan.identity}: the secret DB_PIN`)]);
  expect(told.join('')).not.toContain('4711');
  const long = await launched(['true']);
  expect(long.warnings.filter((text) => text.includes('shorter'))).toEqual([]);
});
