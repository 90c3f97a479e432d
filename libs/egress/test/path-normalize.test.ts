import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gitService, normalizePath, pathAllowed } from '@bot-bottle/egress';

describe('normalizePath', () => {
  it.each([
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a/b/', '/a/b/'],
    ['/%7Eme/%61', '/~me/a'],
    ['/a%c3%a9', '/a%C3%A9'],
    ['/a/./b/../c', '/a/c'],
    ['/a/%2e%2E/b', '/b'],
    ['/a/.%2e/b', '/b'],
    ['/../../etc', '/etc'],
    ['/a/..', '/'],
    ['/a/b/..', '/a/'],
    ['/a/.', '/a/'],
    ['//a///b//', '/a/b/'],
    ['/a/...', '/a/...'],
    ['/a/.b', '/a/.b'],
    ['/a/..b', '/a/..b'],
    ['/v1/models/x:generate', '/v1/models/x:generate'],
    ['/a%20b', '/a%20b'],
    ['/100%25', '/100%25'],
    ['/a%252', '/a%252'],
    ['/a;v=1/b', '/a;v=1/b'],
    ['/%EF%AC%80', '/%EF%AC%80'],
  ])('%s becomes %s', (target, path) => {
    expect(normalizePath(target)).toEqual({ ok: true, path, query: null });
  });

  it('leaves the query alone', () => {
    expect(normalizePath('/a/../b?x=%2e%2e/../%2F?y')).toEqual({
      ok: true,
      path: '/b',
      query: 'x=%2e%2e/../%2F?y',
    });
  });

  it.each([
    '/a%2fb',
    '/a/..%2F..%2Fb',
    '/a%5c..%5cb',
    '/a\\..\\b',
    '/a%00',
    '/a%0d%0aX:y',
    '/a%7f',
    '/a%252e%252e/b',
    '/a%252f',
    '/%25%32%65%25%32%65/b',
    '/%2%35',
    '/a/%2%45%2%45/b',
    '/a%2%46b',
    '/%25u002e',
    '/a%',
    '/a%2',
    '/a%zz',
    '/a/..;/b',
    '/a/..;x=y/b',
    '/a/.;/b',
    '/a/%2e%2e;/b',
    '/a%c0%af',
    '/a%c0%ae%c0%ae/b',
    '/a%e0%80%af',
    '/%ff',
    '/a/%ef%bc%8e%ef%bc%8e/b',
    '/a%ef%bc%8fb',
    '/a/%e2%80%a5/b',
    '/a/%ef%bc%852e/b',
    '/a/..%20/b',
    '/a/..%3b/b',
    'a',
    '',
    '*',
  ])('refuses %s', (target) => {
    expect(normalizePath(target).ok).toBe(false);
  });

  const target = fc
    .array(
      fc.constantFrom(
        '/',
        '.',
        '..',
        '%2e',
        '%2E',
        '%2f',
        '%25',
        '2e',
        '%',
        ';',
        '\\',
        'a',
        'B',
        '~',
        '%61',
        '%00',
        '//',
        '%c3%a9',
        '%C0',
        '%2',
        '%45',
        '%65',
        '%32',
        '%35',
        '1',
      ),
      { maxLength: 14 },
    )
    .map((parts) => `/${parts.join('')}`);

  it('is idempotent', () => {
    fc.assert(
      fc.property(target, (text) => {
        const once = normalizePath(text);
        if (once.ok) expect(normalizePath(once.path)).toEqual({ ...once, query: null });
      }),
      { numRuns: 5000 },
    );
  });

  it('yields a path that neither decoding nor the URL standard moves elsewhere', () => {
    fc.assert(
      fc.property(target, (text) => {
        const normal = normalizePath(text);
        if (!normal.ok) return;
        const decoded = decodeURIComponent(normal.path);
        expect(decoded.split('/').some((segment) => segment === '.' || segment === '..')).toBe(false);
        expect(decoded.split('/')).toHaveLength(normal.path.split('/').length);
        expect(URL.parse(`http://h${normal.path}`)?.pathname).toBe(normal.path);
        // Decoding once more must change nothing that matters either.
        expect(decoded).not.toMatch(/%[0-9A-Fa-f]{2}/);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('pathAllowed', () => {
  it.each([
    ['/repos/me', ['/repos/me'], true],
    ['/repos/me/', ['/repos/me'], true],
    ['/repos/me/x', ['/repos/me'], true],
    ['/repos/me-evil', ['/repos/me'], false],
    ['/repos/mE', ['/repos/me'], false],
    ['/repos', ['/repos/me'], false],
    ['/v1/messages', ['/v1/'], true],
    ['/v1', ['/v1/'], false],
    ['/v1beta', ['/v1/'], false],
    ['/x', ['/a', '/x'], true],
    ['/x', ['/'], true],
    ['/x', [], true],
    ['/', ['/x'], false],
  ])('%s under %j: %s', (path, prefixes, expected) => {
    expect(pathAllowed(path, prefixes)).toBe(expected);
  });
});

describe('gitService', () => {
  it.each([
    ['/o/r.git/git-receive-pack', 'push'],
    ['/o/r.git/info/refs?service=git-receive-pack', 'push'],
    ['/o/r.git/info/refs?x=1&service=git-receive-pack', 'push'],
    ['/o/r.git/GIT-Receive-Pack', 'push'],
    ['/o/r.git/git%2dreceive%2Dpack', 'push'],
    ['/o/r.git/git%252dreceive-pack', 'push'],
    ['/o/r.git/%67it-receive-pack/', 'push'],
    ['/o/r.git//git-receive-pack;x=1', 'push'],
    ['/o/r.git/info/refs?service=git%2Dreceive%2dpack', 'push'],
    ['/o/r.git/info/refs?%73ervice=git-receive-pack', 'push'],
    ['/o/r.git/info/refs?service%3Dgit-receive-pack', 'push'],
    ['/o/r.git/info/refs?SERVICE=git-receive-pack', 'push'],
    ['/o/r.git/info/refs?service=git-upload-pack&service=git-receive-pack', 'push'],
    ['/o/r.git/info/refs?a=b;service=git-receive-pack', 'push'],
    ['/o/r.git/info/refs?service[]=git-receive-pack', 'push'],
    ['/o/r.git/info%2frefs%3fservice=git-receive-pack', 'push'],
    ['/o/r.git/git-upload-pack', 'fetch'],
    ['/o/r.git/info/refs?service=git-upload-pack', 'fetch'],
    ['/o/r.git/info/refs?service=GIT-UPLOAD-PACK', 'fetch'],
    ['/search?q=git-receive-pack', null],
    ['/o/r.git/info/refs', null],
    ['/a%20b', null],
    ['/%', null],
  ])('%s is %s', (target, expected) => {
    expect(gitService(target)).toBe(expected);
  });
});
