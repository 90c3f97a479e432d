import { describe, expect, test } from 'vitest';
import { hasAccess } from '../src/http/access-token.ts';
import { checkBody } from '../src/http/check-body.ts';
import { parseTarget } from '../src/http/request-target.ts';

describe('what is found', () => {
  test.each([
    ['GET', '/health', { kind: 'health' }],
    [
      'GET',
      '/a.git/info/refs?service=git-upload-pack',
      { kind: 'info-refs', repo: 'a', service: 'upload-pack' },
    ],
    [
      'GET',
      '/a.git/info/refs?service=git-receive-pack',
      { kind: 'info-refs', repo: 'a', service: 'receive-pack' },
    ],
    ['POST', '/a-b_c.d.git/git-upload-pack', { kind: 'rpc', repo: 'a-b_c.d', service: 'upload-pack' }],
    ['POST', '/9.git/git-receive-pack', { kind: 'rpc', repo: '9', service: 'receive-pack' }],
    ['POST', '/a.git/info/lfs/objects/batch', { kind: 'lfs', repo: 'a' }],
    ['GET', '/a.git/info/lfs/locks?path=x', { kind: 'lfs', repo: 'a' }],
  ])('%s %s', (method, path, target) => {
    expect(parseTarget(method, path)).toEqual(target);
  });

  test.each([
    ['POST', '/health'],
    ['GET', '/health?x'],
    ['GET', '/a.git/git-upload-pack'],
    ['POST', '/a.git/info/refs?service=git-upload-pack'],
    ['POST', '/a.git/git-upload-pack?x=1'],
    ['POST', '/a.git/git-upload-pack/'],
    ['POST', '/a/b.git/git-upload-pack'],
    ['POST', '/.git/git-upload-pack'],
    ['POST', '/-a.git/git-upload-pack'],
    ['POST', '/a.git/git-upload-archive'],
    ['GET', '/a.git/info/lfsx'],
    ['GET', '/a.git/info/lfs\n'],
    ['GET', 'http://git-gate:9420/health'],
    ['GET', '*'],
    ['GET', ''],
  ])('not %s %j', (method, path) => {
    expect(parseTarget(method, path)).toBeNull();
  });
});

describe('the head of a body', () => {
  const type = (service: string) => ({ 'content-type': `application/x-git-${service}-request` });

  test('a length or chunks, plain or gzip, up to the limit', () => {
    const push = type('receive-pack');
    expect(checkBody({ headers: { ...push, 'content-length': '10' } }, 'receive-pack', 10)).toMatchObject({
      gzip: false,
    });
    expect(
      checkBody(
        { headers: { ...push, 'transfer-encoding': 'chunked', 'content-encoding': 'gzip' } },
        'receive-pack',
        10,
      ),
    ).toMatchObject({ gzip: true });
    expect(checkBody({ headers: { ...push, 'content-length': '11' } }, 'receive-pack', 10)).toMatchObject({
      status: 413,
    });
  });

  test('a fetch has a limit of its own', () => {
    const headers = { ...type('upload-pack'), 'content-length': String(65 * 1024 ** 2) };
    expect(checkBody({ headers }, 'upload-pack', 2 * 1024 ** 3)).toMatchObject({ status: 413 });
  });

  test.each([
    [{ 'content-length': '1', 'content-encoding': 'br' }, 415],
    [{ 'content-length': '1', 'content-encoding': 'gzip, gzip' }, 415],
    [{ 'content-length': '1', 'content-type': 'text/plain' }, 415],
    [{ 'transfer-encoding': 'gzip, chunked' }, 400],
    [{}, 411],
  ])('%j is refused', (headers, status) => {
    expect(checkBody({ headers: { ...type('receive-pack'), ...headers } }, 'receive-pack', 10)).toMatchObject(
      { status },
    );
  });
});

describe('the access token', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

  test('nobody is asked without one', () => {
    expect(hasAccess(undefined, null)).toBe(true);
  });

  test('is the password, whatever the user', () => {
    expect(hasAccess(basic('git:to:ken'), 'to:ken')).toBe(true);
  });

  test.each([
    undefined,
    '',
    'Bearer token',
    basic('token'),
    basic('token:'),
    basic('a:tokem'),
    basic('a:token2'),
    'Basic !',
  ])('is not in %j', (authorization) => {
    expect(hasAccess(authorization, 'token')).toBe(false);
  });
});
