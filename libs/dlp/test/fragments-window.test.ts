import { gzipSync } from 'node:zlib';
import { createScanner, FragmentWindow, redactSpans, type Scanner } from '@bot-bottle/dlp';
import { describe, expect, it } from 'vitest';
import { bytes, madeUp, plainBody, secret } from './support/values.ts';

const rule = 'known_secrets/EGRESS_TOKEN_0';
const quarter = Math.ceil(secret.length / 4);
const quarters = [0, 1, 2, 3].map((i) => secret.slice(i * quarter, (i + 1) * quarter));

function windowed(value = secret, now?: () => number): Scanner {
  return createScanner({
    detectors: ['known_secrets'],
    knownSecrets: [{ name: 'EGRESS_TOKEN_0', value }],
    canaries: [],
    allow: [],
    fragments: new FragmentWindow(now === undefined ? {} : { now }),
  });
}

const body = async (scanner: Scanner, text: string | Uint8Array): Promise<string[]> =>
  (await scanner.scanBody(typeof text === 'string' ? bytes(text) : text, plainBody)).map((each) => each.rule);

describe('a value in pieces over several requests', () => {
  it.each<[string, (piece: string) => string]>([
    ['as it is', (piece) => `{"n": "${piece}"}`],
    ['in base64 each', (piece) => Buffer.from(`p:${piece}`).toString('base64')],
    ['in hex each', (piece) => Buffer.from(piece).toString('hex')],
    ['reversed each', (piece) => Array.from(piece).toReversed().join('')],
    ['escaped each', (piece) => piece.replaceAll(/./g, (c) => `%${c.charCodeAt(0).toString(16)}`)],
    ['with separators', (piece) => Array.from(piece).join('-')],
    ['with zero-width signs', (piece) => Array.from(piece).join('\u200b')],
  ])('is found before most of it has left: %s', async (_, write) => {
    const scanner = windowed();
    const found: boolean[] = [];
    for (const piece of quarters) found.push((await body(scanner, write(piece))).includes(rule));
    expect(found.slice(0, 2)).toEqual([false, false]);
    expect(found.slice(2)).toContain(true);
  });

  it('is found when encoded first and cut then', async () => {
    for (const whole of [
      Buffer.from(`xy${secret}`).toString('base64'),
      Buffer.from(secret).toString('hex'),
      Array.from(secret).toReversed().join(''),
    ]) {
      const scanner = windowed();
      const size = Math.ceil(whole.length / 5);
      const found: string[] = [];
      for (let i = 0; i < 5; i++) found.push(...(await body(scanner, whole.slice(i * size, (i + 1) * size))));
      expect(found).toContain(rule);
    }
  });

  it('is found over hosts, paths, headers and bodies, in any order', async () => {
    const scanner = windowed();
    const head = { host: 'a.test', path: '/', query: null, headers: [] };
    expect(scanner.scanHead({ ...head, path: `/${quarters[2]}` })).toEqual([]);
    expect(scanner.scanHead({ ...head, headers: [['X-N', quarters[0] ?? '']] })).toEqual([]);
    expect(await body(scanner, quarters[1] ?? '')).toEqual([rule]);
    expect(scanner.scanHead({ ...head, host: `${quarters[1]}.a.test`.toLowerCase() })).toMatchObject([
      { rule, surface: 'host' },
    ]);
  });

  it('is found again on every try, as what is refused does not count as sent', async () => {
    const scanner = windowed();
    await body(scanner, quarters[0] ?? '');
    await body(scanner, quarters[1] ?? '');
    for (let i = 0; i < 3; i++) expect(await body(scanner, quarters[2] ?? '')).toEqual([rule]);
    // and what left long before may be repeated
    expect(await body(scanner, quarters[0] ?? '')).toEqual([]);
  });

  it('is forgotten after ten minutes, not before, whatever else was sent', async () => {
    let now = 0;
    const scanner = windowed(secret, () => now);
    await body(scanner, `${quarters[0]} ${quarters[1]}`);
    for (let i = 0; i < 12; i++) await body(scanner, Buffer.alloc(512 * 1024, `${i} filler `));
    now = 10 * 60_000;
    expect(await body(scanner, quarters[2] ?? '')).toEqual([rule]);
    now += 1;
    expect(await body(scanner, quarters[2] ?? '')).toEqual([]);
  });

  it('is noticed by every scanner that shares the window', async () => {
    const fragments = new FragmentWindow();
    const options = {
      detectors: ['known_secrets' as const],
      knownSecrets: [{ name: 'EGRESS_TOKEN_0', value: secret }],
      canaries: [],
      allow: [],
      fragments,
    };
    await body(createScanner(options), quarters.slice(0, 2).join(' '));
    expect(await body(createScanner(options), quarters[2] ?? '')).toEqual([rule]);
  });
});

describe('parts of a value in one request', () => {
  it('are found from six tenths on, in a body of any length, and can be overwritten', async () => {
    const scanner = windowed();
    const most = secret.slice(0, Math.ceil(secret.length * 0.75));
    const text = bytes(`{"a": "${most}", "b": 1}`);
    const findings = await scanner.scanBody(text, plainBody);
    expect(findings).toMatchObject([
      { rule, offset: 7, length: most.length, context: '{"a": "********", "b": 1}' },
    ]);
    const redacted = redactSpans(text, findings);
    expect(Buffer.from(redacted).toString()).toBe(`{"a": "${'*'.repeat(most.length)}", "b": 1}`);
    expect(await scanner.scanBody(redacted, plainBody)).toEqual([]);
    expect(await body(scanner, gzipSync(`zip ${most}`))).toEqual([rule]);
    expect(await body(scanner, secret.slice(0, secret.length / 2))).toEqual([]);
  });

  it('are found in a stream whose beginning is gone already', async () => {
    const filler = Buffer.alloc(700 * 1024, 'nothing to see ');
    const stream = windowed().stream(plainBody);
    const found: string[] = [];
    for (const piece of quarters) {
      for (const chunk of [filler, bytes(piece)])
        found.push(...(await stream.push(chunk)).findings.map((each) => each.rule));
    }
    found.push(...(await stream.end()).findings.map((each) => each.rule));
    expect(found).toContain(rule);
  });

  it('are named by header, and never shown', () => {
    const most = secret.slice(0, 30);
    const head = { host: 'a.test', path: '/', query: null, headers: [['X-Note', `n ${most}`]] as const };
    const findings = windowed().scanHead(head);
    expect(findings).toMatchObject([{ rule, surface: 'header:x-note', offset: 2, length: most.length }]);
    const named = windowed().scanHead({ ...head, headers: [[most, 'x']] });
    expect(JSON.stringify([findings, named])).not.toContain(most.slice(0, 8));
  });

  it('that stand in ordinary texts do not count', async () => {
    const value = `postgres://service:${madeUp('pw', 20)}@database.internal.example.com:5432/production`;
    const scanner = windowed(value);
    expect(await body(scanner, 'postgres://service@database.internal.example.com:5432/production')).toEqual(
      [],
    );
    expect(await body(scanner, madeUp('pw', 20))).toEqual([rule]);
  });

  it('of a value under sixteen bytes are not looked for', async () => {
    const short = madeUp('short', 15);
    expect(await body(windowed(short), short.slice(0, 14))).toEqual([]);
  });
});

describe('values that are mostly alphabets or words', () => {
  it('are not taken for given away by other texts of that kind', async () => {
    const scanner = windowed('live-0123456789abcdefghijklmnop');
    expect(await body(scanner, 'value-0123456789 zyxwvutsrqponmlkjihgfedcba abcdefghijklmnop')).toEqual([]);
  });

  it('are recognised by their words where there is nothing else', async () => {
    expect(await body(windowed('correct-horse-battery-staple'), 'a correct-horse-battery-st')).toEqual([
      rule,
    ]);
  });
});
