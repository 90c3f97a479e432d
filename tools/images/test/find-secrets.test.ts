import { expect, it } from 'vitest';
import { findSecrets } from '../src/find-secrets.ts';

const body = 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6';

it.each([
  ['a key', '-----BEGIN OPENSSH PRIVATE KEY-----'],
  ['a token of GitHub', `RUN echo ghp_${body}`],
  ['a key of Anthropic', `sk-ant-${body}`],
  ['a token of npm', `//registry.example/:_authToken=${body}`],
  ['a password in a URL', 'https://me:word@registry.example/'],
  ['a variable', 'ENV=["EGRESS_TOKEN_0=abc"]'],
])('finds %s', (_, text) => {
  expect(findSecrets(text)).not.toEqual([]);
});

it.each([
  ['a URL', 'https://github.com/bot-bottle/bot-bottle'],
  ['an empty variable', 'EGRESS_TOKEN_0='],
  ['a digest', 'sha256:2440b9f320a62440b9f320a62440b9f320a62440b9f320a62440b9f320a6'],
])('passes %s', (_, text) => {
  expect(findSecrets(text)).toEqual([]);
});
