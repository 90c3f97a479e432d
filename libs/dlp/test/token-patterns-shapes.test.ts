import { describe, expect, it } from 'vitest';
import { redactSpans } from '../src/redact-spans.ts';
import { chars } from './support/token-samples.ts';
import { bytes, scannerFor, secret } from './support/values.ts';
import { leastCost } from './support/least-cost.ts';

const scanner = scannerFor(secret, { detectors: ['token_patterns'] });
const rulesIn = (text: string): string[] =>
  scanner.scanBytes(bytes(text), 'body').map((finding) => finding.rule.replace('token_patterns/', ''));

const hex = '0123456789abcdef';
const alnum = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const x5 = chars(alnum, 5);
const uuid = [8, 4, 4, 4, 12].map((length) => chars(hex, length)).join('-');

/** Shapes that their vendors describe beside those of the samples: the rule, what it begins with, and the rest. */
const shapes = [
  ['vault-token', 'hvr.', chars('abcXYZ0123', 24)],
  ['vault-token', 'hvb.', chars('abcXYZ0123_-', 138)],
  ['supabase-token', 'sbp_oauth_', chars(hex, 40)],
  ['infisical-token', `st.${uuid}.`, chars(hex, 32)],
  ['infisical-token', `st.${uuid}.`, `${chars(hex, 32)}.${chars(hex, 32, 'key')}`],
  ['tavily-key', 'tvly-', chars(alnum, 32)],
  ['tavily-key', 'tvly-prod-', chars(alnum, 32)],
  ['atlassian-token', 'ATCTT3', `${chars(`${alnum}_-`, 180)}=${chars(hex.toUpperCase(), 8)}`],
  ['atlassian-token', 'ATATT3', chars(`${alnum}_-`, 100)],
  ['heroku-key', 'HRKU-', uuid],
  ['alibaba-access-key', 'LTAI', chars(alnum, 12)],
  ['datadog-access-token', 'ddsat_', `${chars(alnum, 22)}_${chars(alnum, 49)}`],
  ['doppler-token', 'dp.said.', chars(alnum, 43)],
  ['doppler-token', 'dp.audit.', chars(alnum, 43)],
  ['figma-pat', 'figu_', chars(alnum, 40)],
  ['figma-pat', 'figor_', chars(alnum, 40)],
  ['linear-key', 'lin_oauth_', chars(hex, 64)],
  ['linear-key', 'lin_wh_', chars(alnum, 44)],
  ['square-token', 'EQAA', chars(`${alnum}_-`, 60)],
  ['square-token', 'sandbox-sq0csb-', chars(`${alnum}_-`, 43)],
  ['planetscale-token', 'pscale_app_secret_', chars(`${alnum}_-`, 43)],
  ['fireworks-key', 'fpk_', chars(alnum, 24)],
  ['twilio-key', 'SK', chars(hex.toUpperCase(), 32)],
  ['databricks-token', 'dapi', chars(hex, 34)],
  ['databricks-token', 'dapi', `${chars(hex, 32)}-2`],
  ['braintree-token', 'access_token$sandbox$', `${chars('abcxyz019', 16)}$${chars(hex, 32)}`],
] as const;

/** Of each kind of key of Azure with a signature: how much stands before it, what it is, and what follows. */
const signed = [
  ...['+ASt', '+ABa', '+AMC', 'ACDb', 'APIM'].map(
    (text) => ['azure-account-key', 76, text, `${x5}g==`] as const,
  ),
  ...['+ARm', '+AEh', '+ASb', 'AIoT', 'AzCa', 'AZEG'].map(
    (text) => ['azure-shared-access-key', 33, text, `P${x5}=`] as const,
  ),
  ['azure-search-key', 42, 'AzSe', `D${x5}`],
  ['azure-registry-key', 42, '+ACR', `D${x5}`],
  ['azure-function-key', 44, 'AzFu', `${x5}w==`],
  ['azure-annotated-key', 52, 'JQQJ99', `xL${chars(alnum, 16)}z${chars(alnum, 7)}Ab==`],
  ['azure-annotated-key', 52, 'JQQJ9H', `xL${chars(alnum, 16)}z${chars(alnum, 7)}`],
] as const;

const cost = (text: Buffer): number => leastCost(() => scanner.scanBytes(text, 'body'));

describe('other shapes of one rule', () => {
  it.each(shapes)('%s that begins with %s is found', (id, start, rest) => {
    expect(rulesIn(JSON.stringify({ token: start + rest }))).toEqual([id]);
    expect(rulesIn(`TOKEN='${start}${rest}'\n`)).toEqual([id]);
    expect(rulesIn(`a=1&t=${encodeURIComponent(start + rest)}`)).toContain(id);
  });

  it.each(shapes)('%s that begins with %s is never shown', (_, start, rest) => {
    const shown = JSON.stringify(scanner.scanBytes(bytes(`before ${start}${rest} after`), 'body'));
    expect(shown).not.toContain(rest.slice(-12));
  });

  it.each(shapes)('%s that begins with %s is none without its end', (_, start, rest) => {
    expect(rulesIn(`"${start}${rest.slice(0, Math.min(20, rest.length / 2))}"`)).toEqual([]);
  });

  it.each(shapes)('%s is none where a word ends in %s', (id, start, rest) => {
    expect(rulesIn(`"x${start}${rest}"`)).not.toContain(id);
  });

  it.each([
    ['a UUID alone', `st.${uuid}`],
    ['a UUID and an address', `st.${uuid}.example.test`],
    ['a document and its digest', `st.${chars(hex, 24)}.${chars(hex, 32)}`],
    ['a secret of another length', `st.${uuid}.${chars(hex, 40)}`],
    ['a token of Supabase of another kind', `sbp_other_${chars(hex, 40)}`],
  ])('%s is none', (_, text) => {
    expect(rulesIn(`"${text}"`)).toEqual([]);
  });

  it.each(shapes)('%s that begins with %s has no worst case', (_, start, rest) => {
    const near = (size: number): Buffer => {
      const parts = [start, `${start}${rest.slice(0, -1)}~ `, `${start}${rest}x`];
      return bytes(parts.map((part) => part.repeat(size / 3 / part.length)).join(' '));
    };
    // eight times the input; quadratic work would be 64 times. The floor absorbs the clock.
    expect(cost(near(256 * 1024))).toBeLessThan(24 * Math.max(cost(near(32 * 1024)), 2000));
  });
});

describe('keys that are known by a signature in them', () => {
  const keyOf = (before: number, text: string, rest: string): string => chars(alnum, before) + text + rest;

  it.each(signed)('%s with %i characters before %s is found, whole', (id, before, text, rest) => {
    const key = keyOf(before, text, rest);
    for (const around of [`"${key}"`, `KEY=${key}\n`, `a ${key} b`]) {
      const findings = scanner.scanBytes(bytes(around), 'body');
      expect(findings.map(({ rule, offset, length }) => ({ rule, offset, length }))).toEqual([
        { rule: `token_patterns/${id}`, offset: around.indexOf(key), length: key.length },
      ]);
    }
  });

  it.each(signed)('%s with %i characters before %s is overwritten whole', (_, before, text, rest) => {
    const key = keyOf(before, text, rest);
    const content = bytes(`{"key":"${key}"}`);
    const redacted = Buffer.from(redactSpans(content, scanner.scanBytes(content, 'body'))).toString();
    for (let at = 0; at + 8 <= key.length; at++) expect(redacted).not.toContain(key.slice(at, at + 8));
  });

  it.each(signed)(
    '%s with %i characters before %s is none with one more or one less',
    (_, before, text, rest) => {
      for (const other of [keyOf(before - 1, text, rest), keyOf(before + 1, text, rest)])
        expect(rulesIn(`"${other}"`)).toEqual([]);
      expect(rulesIn(`"${keyOf(before, text, rest)}A"`)).toEqual([]);
      expect(rulesIn(`"${keyOf(before, text.toLowerCase(), rest)}"`)).toEqual([]);
      expect(rulesIn(`"${text}${rest}"`)).toEqual([]);
    },
  );

  it('are not seen in an image or in digests', () => {
    const blob = chars(`${alnum}+/`, 200_000);
    expect(
      rulesIn(`data:image/png;base64,${blob.replaceAll(/.{100}/g, (part) => `${part.slice(4)}APIM`)}`),
    ).toEqual([]);
    expect(rulesIn(`"integrity": "sha512-${chars(`${alnum}+/`, 86)}=="`)).toEqual([]);
  });

  it.each(signed)('%s with %i characters before %s has no worst case', (_, before, text, rest) => {
    const near = (size: number): Buffer => {
      const parts = [text, text + rest, keyOf(before, text, rest).slice(1), `${keyOf(before, text, rest)}A`];
      return bytes(parts.map((part) => part.repeat(size / 4 / part.length)).join(' '));
    };
    expect(cost(near(256 * 1024))).toBeLessThan(24 * Math.max(cost(near(32 * 1024)), 2000));
  });
});

describe('a webhook of Discord', () => {
  it.each([
    ['with the token of the vendor’s example', 'https://discord.com/api/webhooks', 100],
    ['of a version of the API', 'https://discord.com/api/v10/webhooks', 68],
    ['of the old name', 'https://discordapp.com/api/v9/webhooks', 68],
  ])('%s is found and overwritten to its end', (_, start, length) => {
    const token = chars(hex, length);
    const content = bytes(`{"url":"${start}/${chars('0123456789', 18)}/${token}"}`);
    const findings = scanner.scanBytes(content, 'body');
    expect(findings.map(({ rule }) => rule)).toEqual(['token_patterns/discord-webhook']);
    expect(Buffer.from(redactSpans(content, findings)).toString()).not.toContain(token.slice(-12));
  });
});

describe('names in source and documents', () => {
  it.each([
    'fw_getHttp2ConnectionPoolSize',
    'fw_ParseSha256DigestFromManifest',
    'tvly-Production-Search-Integration-Key-1',
    'tvly-Search-API-v2-Migration-Guide-2025-Edition',
    'dp.scim.users.UserProvisioningServiceConfigurationV2Bean',
    'LTAIAccessKeyId1',
    'figur_caption-wrapper__inner--large-screens-only',
    'AQ.AbstractQueuedSynchronizerConditionObjectWaiterNode',
    'SKADNetworkConversionValue2CoarseValues',
  ])('%s is none', (name) => {
    expect(rulesIn(`see ${name} here`)).toEqual([]);
  });
});
