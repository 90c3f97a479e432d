import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  delimiter,
  fetchBody,
  flush,
  packOf,
  pkt,
  receivePackBody,
  receivePackHeaders,
  uploadPackHeaders,
  zeroOid,
} from './support/pkt-line.ts';
import { rawBytes, rawRequest } from './support/raw-http.ts';
import { useScenes } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

const RUNS = 40;

describe.skipIf(sshd === null)('bodies of noise', () => {
  const scenes = useScenes();

  const word = fc.oneof(
    fc.constantFrom(
      'want ',
      'have ',
      'done\n',
      'command=fetch',
      'command=ls-refs',
      'deepen 1',
      'filter blob:none',
      'shallow ',
      'push-cert\0',
      'object-format=sha256',
      `${zeroOid} ${zeroOid} refs/heads/x\0 report-status`,
      'PACK\0\0\0\x02\0\0\0\0',
    ),
    fc.string({ maxLength: 80 }),
  );
  const line = fc.oneof(
    word.map((text) => pkt(text)),
    fc.constantFrom(
      flush,
      delimiter,
      Buffer.from('0002'),
      Buffer.from('0003'),
      Buffer.from('ffff'),
      Buffer.from('-001'),
    ),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  );
  const noise = fc.array(line, { maxLength: 20 }).map((lines) => Buffer.concat(lines));

  test.each([
    ['git-upload-pack', uploadPackHeaders],
    ['git-receive-pack', receivePackHeaders],
  ] as const)('%s survives them and moves nothing', { timeout: 120_000 }, async (service, headers) => {
    const { gate, client, sshUrl, refs } = await scenes.open({ limits: { idle_seconds: 2 } });
    await client.must('clone', '-q', sshUrl(), 'repo');
    const before = await refs();
    await fc.assert(
      fc.asyncProperty(noise, fc.constantFrom('', 'version=1', 'version=2'), async (body, protocol) => {
        await rawRequest(gate.port, {
          target: `/project.git/${service}`,
          headers: { ...headers, ...(protocol === '' ? {} : { 'Git-Protocol': protocol }) },
          body,
        });
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    expect(await refs()).toEqual(before);
    expect((await client.git('clone', '-q', sshUrl(), 'again')).code).toBe(0);
  });

  test(
    'good bodies with a few bytes changed move nothing but what was asked',
    { timeout: 120_000 },
    async () => {
      const { gate, client, sshUrl, refs } = await scenes.open({ limits: { idle_seconds: 2 } });
      await client.must('clone', '-q', sshUrl(), 'repo');
      const main = (await refs()).get('refs/heads/main') ?? '';
      const head = await client.commit('repo', { 'n.txt': 'n\n' });
      const objects = await client.must('-C', 'repo', 'rev-list', '--objects', 'origin/main..HEAD');
      const pack = await packOf(
        client.at('repo', '.git'),
        objects.split('\n').map((text) => text.slice(0, 40)),
      );
      const bodies = [
        [
          'git-receive-pack',
          receivePackHeaders,
          receivePackBody([{ oldOid: zeroOid, newOid: head, ref: 'refs/heads/agent/f' }], pack),
        ],
        ['git-upload-pack', uploadPackHeaders, fetchBody([main])],
      ] as const;
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...bodies),
          fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
          async ([service, headers, good], changes) => {
            const body = Buffer.from(good);
            for (const [at, value] of changes) body[at % body.length] = value;
            await rawRequest(gate.port, {
              target: `/project.git/${service}`,
              headers: {
                ...headers,
                'Git-Protocol': service === 'git-upload-pack' ? 'version=2' : 'version=0',
              },
              body,
            });
          },
        ),
        { numRuns: RUNS, endOnFailure: true },
      );
      expect((await refs()).get('refs/heads/main')).toBe(main);
      for (const oid of (await refs()).values()) expect([main, head]).toContain(oid);
      // whatever a changed body did to the mirror, the next client sees the upstream
      expect((await client.git('clone', '-q', sshUrl(), 'again')).code).toBe(0);
    },
  );

  test('request heads of noise are answered or cut', { timeout: 120_000 }, async () => {
    const { gate, client, sshUrl } = await scenes.open({ limits: { idle_seconds: 1 } });
    const target = fc.oneof(
      fc.webPath(),
      fc.string({ maxLength: 60 }).map((text) => `/${text}`),
      fc.constantFrom('*', '/project.git/info/refs?service=git-upload-pack', 'http://x/project.git/HEAD'),
    );
    await fc.assert(
      fc.asyncProperty(target, fc.string({ maxLength: 100 }), async (path, more) => {
        const { status } = await rawBytes(gate.port, [
          `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${more}\r\n\r\n`,
        ]);
        expect(status === null || status >= 200).toBe(true);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    expect((await client.git('clone', '-q', sshUrl(), 'again')).code).toBe(0);
  });
});
