import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { flush, receivePackHeaders, uploadPackHeaders } from './support/pkt-line.ts';
import { rawBytes, rawRequest } from './support/raw-http.ts';
import { useScenes } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

describe.skipIf(sshd === null)('requests that no git sends', () => {
  const scenes = useScenes();
  const service = '/info/refs?service=git-upload-pack';

  test.each([
    ['another repository of the upstream', (path: string) => `/${path}${service}`],
    ['a name that was not declared', () => `/other.git${service}`],
    ['a declared name without .git', () => `/project${service}`],
    ['a declared name in capitals', () => `/PROJECT.git${service}`],
    ['dots', () => `/x/../project.git${service}`],
    ['dots behind the name', () => `/project.git/../other.git${service}`],
    ['encoded dots', () => `/%2e%2e/project.git${service}`],
    ['an encoded slash', () => `/project.git%2finfo%2frefs?service=git-upload-pack`],
    ['an encoded letter', () => `/%70roject.git${service}`],
    ['an encoded zero byte', () => `/project.git%00${service}`],
    ['two slashes', () => `//project.git${service}`],
    ['a backslash', () => `/..\\project.git${service}`],
    ['an absolute path', () => `/etc/passwd`],
    ['the object store', () => `/project.git/objects/info/alternates`],
    ['a pack', () => `/project.git/objects/info/packs`],
    ['HEAD', () => `/project.git/HEAD`],
    ['the configuration', () => `/project.git/config`],
    ['a hook', () => `/project.git/hooks/pre-receive`],
    ['the dumb protocol', () => `/project.git/info/refs`],
    ['another service', () => `/project.git/info/refs?service=git-upload-archive`],
    ['a service with a path', () => `/project.git/info/refs?service=git-upload-pack/../x`],
    ['a service with an argument', () => `/project.git/info/refs?service=git-upload-pack%20--strict`],
    ['two services', () => `/project.git/info/refs?service=git-upload-pack&service=git-receive-pack`],
    ['more than the service', () => `/project.git/info/refs?service=git-upload-pack&x=1`],
    ['an option as a name', () => `/--upload-pack=x.git${service}`],
    ['the mirror of a held push', () => `/project.work.git${service}`],
    ['the mirror by its folder', () => `/project.git.git${service}`],
    ['a very long name', () => `/${'a'.repeat(4000)}.git${service}`],
  ])('%s: 404', async (_, target) => {
    const { gate, upstream } = await scenes.open();
    const before = (await upstream.commands()).length;
    const { status, text } = await rawRequest(gate.port, { target: target(upstream.repoPath('x').slice(1)) });
    expect(status).toBe(404);
    expect(text).not.toContain(gate.folder);
    expect((await upstream.commands()).length).toBe(before);
  });

  test.each(['PUT', 'DELETE', 'PROPFIND', 'MKCOL', 'LOCK', 'OPTIONS', 'HEAD', 'TRACE'])(
    'the method %s is not served',
    async (method) => {
      const { gate } = await scenes.open();
      const { status } = await rawRequest(gate.port, { method, target: `/project.git${service}` });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
    },
  );

  test('large file storage is refused in its own words', async () => {
    const { gate } = await scenes.open();
    const { status, text } = await rawRequest(gate.port, {
      target: '/project.git/info/lfs/objects/batch',
      headers: { 'Content-Type': 'application/vnd.git-lfs+json', Accept: 'application/vnd.git-lfs+json' },
      body: Buffer.from('{"operation":"upload","objects":[]}'),
    });
    expect(status).toBe(403);
    expect(JSON.parse(text)).toHaveProperty('message');
  });

  const post = (extra: string, body = '0000'): string =>
    `POST /project.git/git-upload-pack HTTP/1.1\r\nHost: git-gate\r\nContent-Type: application/x-git-upload-pack-request\r\n${extra}\r\n${body}`;

  test.each([
    ['no length at all', post('Connection: close\r\n', ''), [411]],
    ['a negative length', post('Content-Length: -1\r\nConnection: close\r\n'), [400]],
    ['a length that is no number', post('Content-Length: 4x\r\nConnection: close\r\n'), [400]],
    ['two lengths', post('Content-Length: 4\r\nContent-Length: 5\r\nConnection: close\r\n'), [400]],
    [
      'a length and chunks',
      post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n'),
      [400],
    ],
    [
      'a length beyond every limit',
      post('Content-Length: 999999999999999\r\nConnection: close\r\n', ''),
      [413],
    ],
    [
      'a chunk with a false size',
      post('Transfer-Encoding: chunked\r\nConnection: close\r\n', 'zz\r\n0000\r\n0\r\n\r\n'),
      [400],
    ],
    ['another coding', post('Content-Encoding: br\r\nContent-Length: 4\r\nConnection: close\r\n'), [415]],
    [
      'two codings',
      post('Content-Encoding: gzip, gzip\r\nContent-Length: 4\r\nConnection: close\r\n'),
      [415],
    ],
    [
      'gzip that is none',
      post('Content-Encoding: gzip\r\nContent-Length: 4\r\nConnection: close\r\n'),
      [400, 413],
    ],
  ])('%s is refused', async (_, bytes, statuses) => {
    const { gate } = await scenes.open();
    expect(statuses).toContain((await rawBytes(gate.port, [bytes])).status);
  });

  test('the type of another service is refused', async () => {
    const { gate } = await scenes.open();
    const { status } = await rawRequest(gate.port, {
      target: '/project.git/git-receive-pack',
      headers: uploadPackHeaders,
      body: flush,
    });
    expect(status).toBe(415);
  });

  test.each(['version=2:GIT_DIR=/etc', 'version=2\tx', '--upload-pack=touch', 'version=99', 'version=2;'])(
    'the protocol header %j reaches no program',
    async (header) => {
      const { gate, client, sshUrl } = await scenes.open();
      const { status } = await rawRequest(gate.port, {
        target: `/project.git${service}`,
        headers: { 'Git-Protocol': header },
      });
      // served as if nothing was said, or refused
      expect([200, 400]).toContain(status);
      expect((await client.git('clone', '-q', sshUrl(), 'repo')).code).toBe(0);
    },
  );

  test('gzip that grows without end is cut, and the next request works', { timeout: 60_000 }, async () => {
    const { gate, client, sshUrl, refs } = await scenes.open({
      repos: [{ name: 'project', push: { max_bytes: 1024 * 1024 } }],
    });
    const before = await refs();
    const bomb = gzipSync(Buffer.alloc(256 * 1024 * 1024));
    for (const [target, headers] of [
      ['/project.git/git-receive-pack', receivePackHeaders],
      ['/project.git/git-upload-pack', uploadPackHeaders],
    ] as const) {
      const { status } = await rawRequest(gate.port, {
        target,
        headers: { ...headers, 'Content-Encoding': 'gzip' },
        body: bomb,
      });
      expect(status === null || status >= 400 || status === 200, `${target}: ${status}`).toBe(true);
    }
    expect(await refs()).toEqual(before);
    expect((await client.git('clone', '-q', sshUrl(), 'repo')).code).toBe(0);
  });

  test('a client that sends half a head or half a body is cut', { timeout: 60_000 }, async () => {
    const { gate, client, sshUrl } = await scenes.open({ limits: { idle_seconds: 1 } });
    await rawBytes(gate.port, ['GET /project.git/info/refs?serv']);
    await rawBytes(gate.port, [
      'POST /project.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-git-receive-pack-request\r\nContent-Length: 1000\r\n\r\n00',
    ]);
    expect((await client.git('clone', '-q', sshUrl(), 'repo')).code).toBe(0);
  });

  test('clients that wait do not keep others out for long', { timeout: 60_000 }, async () => {
    const { gate, client, sshUrl } = await scenes.open({
      limits: { idle_seconds: 1, requests_per_repo: 2 },
    });
    const half =
      'POST /project.git/git-upload-pack HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-git-upload-pack-request\r\nContent-Length: 1000\r\n\r\n00';
    const answers = await Promise.all(Array.from({ length: 6 }, () => rawBytes(gate.port, [half])));
    expect(answers.some(({ status }) => status === 429)).toBe(true);
    expect((await client.git('clone', '-q', sshUrl(), 'repo')).code).toBe(0);
  });

  test('an access token is asked for when there is one, and none other is taken', async () => {
    const token = 'a-token-of-the-bottle';
    const { gate } = await scenes.open({ accessToken: token });
    const ask = async (authorization?: string): Promise<number | null> =>
      (
        await rawRequest(gate.port, {
          target: `/project.git${service}`,
          headers: authorization === undefined ? {} : { Authorization: authorization },
        })
      ).status;
    const basic = (user: string, password: string): string =>
      `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    expect(await ask()).toBe(401);
    expect(await ask(basic('x', 'wrong'))).toBe(401);
    expect(await ask(basic('x', token.slice(0, -1)))).toBe(401);
    expect(await ask(`Basic ${'A'.repeat(5000)}`)).toBe(401);
    expect([await ask(basic('x', token)), await ask(basic(token, ''))]).toContain(200);
  });
});
