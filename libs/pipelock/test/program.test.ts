import {
  checkArguments,
  checkVersion,
  isPassedThrough,
  matchDomain,
  pipelockProgram,
  readHealth,
  readVersion,
  runArguments,
} from '@bot-bottle/pipelock';
import { describe, expect, it } from 'vitest';

const printed = (version: string): string =>
  `pipelock version ${version}\n  build date: unknown\n  git commit: unknown\n  go version: unknown\n`;

describe('the version', () => {
  it.each([
    ['2.3.0', '2.3.0'],
    ['v2.10.1', '2.10.1'],
    ['3.0.0-rc.1', '3.0.0'],
    ['2.3.0+dirty', '2.3.0'],
  ])('%s is taken', (text, version) => {
    expect(checkVersion(printed(text))).toBe(version);
  });

  it.each(['2.2.9', '1.9.9', '0.1.0'])('%s is too old', (text) => {
    expect(() => checkVersion(printed(text))).toThrow('at least 2.3.0');
  });

  it.each(['', 'curl 8.0.0', printed('dev'), 'not pipelock version 9.9.9', 'pipelock version 2.3'])(
    '%j says none',
    (text) => {
      expect(readVersion(text)).toBeNull();
      expect(() => checkVersion(text)).toThrow('does not say');
    },
  );
});

describe('the program', () => {
  it('is on the PATH, or what the variable names', () => {
    expect(pipelockProgram({})).toBe('pipelock');
    expect(pipelockProgram({ BOT_BOTTLE_PIPELOCK: '' })).toBe('pipelock');
    expect(pipelockProgram({ BOT_BOTTLE_PIPELOCK: '/opt/pipelock' })).toBe('/opt/pipelock');
  });

  it('is started with its own command line', () => {
    expect(runArguments('/p.yaml', '127.0.0.1:1')).toEqual([
      'run',
      '--config',
      '/p.yaml',
      '--listen',
      '127.0.0.1:1',
    ]);
    expect(checkArguments('/p.yaml')).toEqual(['check', '--config', '/p.yaml']);
  });
});

describe('its health', () => {
  const healthy = { status: 'healthy', version: '2.3.0', mode: 'strict', forward_proxy_enabled: true };

  it('is taken with whatever else it says', () => {
    expect(readHealth(JSON.stringify({ ...healthy, uptime_seconds: 1.5, dlp_patterns: 65 }))).toEqual({
      version: '2.3.0',
    });
  });

  it.each([
    { ...healthy, mode: 'audit' },
    { ...healthy, mode: 'balanced' },
    { ...healthy, status: 'degraded' },
    { ...healthy, forward_proxy_enabled: false },
    {},
    null,
  ])('%j is not that of our guard', (body) => {
    expect(readHealth(JSON.stringify(body))).toBeNull();
  });

  it('is not HTML', () => {
    expect(readHealth('<html>')).toBeNull();
  });
});

describe('a pattern', () => {
  it.each([
    ['a.example', 'a.example', true],
    ['a.example', 'b.a.example', false],
    ['*.a.example', 'b.a.example', true],
    ['*.a.example', 'c.b.a.example', true],
    ['*.a.example', 'a.example', true],
    ['*.a.example', 'ba.example', false],
    ['*.a.example', 'a.example.evil.example', false],
    ['a.example', '*.a.example', false],
  ])('%s covers %s: %s', (pattern, host, expected) => {
    expect(matchDomain(pattern, host)).toBe(expected);
    expect(isPassedThrough(['x.example', pattern], host)).toBe(expected);
    expect(isPassedThrough([], host)).toBe(false);
  });
});
