import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createNotifier, notificationSchema, type Notifier } from '../src/index.ts';
import { sampleProposal } from './samples.ts';

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface World {
  readonly asked: Asked[];
  readonly warnings: string[];
  readonly port: number;
  readonly notifier: (url?: string, timeoutMs?: number) => Notifier;
}

/** A real HTTP server that answers as told. */
async function served(answer: (response: ServerResponse, asked: Asked) => void): Promise<World> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    response.on('error', () => undefined);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
      asked.push(one);
      answer(response, one);
    });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const warnings: string[] = [];
  const onWarning = (message: string): void => void warnings.push(message);
  const notifier = (url = `http://127.0.0.1:${port}/hook`, timeoutMs = 10_000): Notifier => {
    const made = createNotifier({ command: null, webhook: url, onWarning, timeoutMs });
    onTestFinished(async () => await made.close());
    return made;
  };
  return { asked, warnings, port, notifier };
}

const ok = (response: ServerResponse): void => void response.end('ok');

it('gets one POST of JSON that follows the schema', async () => {
  const { asked, warnings, notifier } = await served(ok);
  const proposal = sampleProposal();
  notifier().notify(proposal);
  await expect.poll(() => asked).toHaveLength(1);
  const [one] = asked;
  expect(one).toMatchObject({ method: 'POST', url: '/hook' });
  expect(one?.headers['content-type']).toBe('application/json');
  expect(one?.headers.authorization).toBeUndefined();
  expect(notificationSchema.parse(JSON.parse(one?.body ?? ''))).toMatchObject({
    id: proposal.id,
    kind: 'push-approval',
    skipped: 0,
  });
  expect(warnings).toEqual([]);
});

it('gets user and password of the URL as Basic credentials, and its query', async () => {
  const { asked, port, notifier } = await served(ok);
  notifier(`http://me%40x:p%3Aw@127.0.0.1:${port}/hook?key=k`).notify(sampleProposal());
  await expect.poll(() => asked).toHaveLength(1);
  expect(asked[0]?.url).toBe('/hook?key=k');
  expect(asked[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me@x:p:w').toString('base64')}`);
});

it.each([400, 404, 500, 503])(
  'that answers %d is one warning, without secrets of the URL',
  async (status) => {
    const { asked, warnings, port, notifier } = await served((response) => {
      response.statusCode = status;
      response.end('secret-answer');
    });
    notifier(`http://secret-user:secret-pass@127.0.0.1:${port}/secret-path?secret-query`).notify(
      sampleProposal(),
    );
    await expect.poll(() => warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      new RegExp(`notify\\.webhook http://127\\.0\\.0\\.1:${port} answered ${status}$`),
    );
    expect(warnings[0]).not.toContain('secret');
    expect(asked).toHaveLength(1);
  },
);

it.each([301, 302, 303, 307, 308])('is not followed when it redirects with %d', async (status) => {
  const elsewhere = await served(ok);
  const { warnings, notifier } = await served((response) => {
    response.writeHead(status, { location: `http://127.0.0.1:${elsewhere.port}/stolen` });
    response.end();
  });
  notifier().notify(sampleProposal());
  await expect.poll(() => warnings).toHaveLength(1);
  expect(warnings[0]).toContain(`answered ${status}: redirects are not followed`);
  expect(elsewhere.asked).toEqual([]);
});

it.each<[string, (response: ServerResponse) => void]>([
  ['never answers', () => undefined],
  ['sends half a head', (response) => void response.socket?.write('HTTP/1.1 200 OK\r\nX-Slow: ')],
])('that %s is given up after the limit', async (_what, answer) => {
  const { warnings, notifier } = await served(answer);
  notifier(undefined, 300).notify(sampleProposal());
  await expect.poll(() => warnings, { timeout: 5000 }).toHaveLength(1);
  expect(warnings[0]).toMatch(/took longer than 0\.3 s and was ended$/);
});

it('that answers without end is hung up on', async () => {
  const gone = Promise.withResolvers<void>();
  let sent = 0;
  const { warnings, notifier } = await served((response) => {
    response.once('close', () => gone.resolve());
    const chunk = Buffer.alloc(1024 * 1024);
    const more = (): void => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length;
    };
    response.on('drain', more);
    more();
  });
  notifier().notify(sampleProposal());
  await gone.promise;
  // What is not read fills the buffers of two sockets at most.
  expect(sent).toBeLessThan(32 * 1024 * 1024);
  expect(warnings).toEqual([]);
});

it('that refuses connections is one warning', async () => {
  const { warnings, notifier } = await served(ok);
  const closed = createServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  closed.listen(0, '127.0.0.1', resolve);
  await promise;
  const { port } = closed.address() as AddressInfo;
  closed.close();
  notifier(`http://127.0.0.1:${port}/?secret`).notify(sampleProposal());
  await expect.poll(() => warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(
    new RegExp(`http://127\\.0\\.0\\.1:${port} cannot be reached \\(ECONNREFUSED\\)$`),
  );
});

it('that speaks no HTTP, or hangs up, is one warning', async () => {
  const { warnings, notifier } = await served((response) => {
    response.socket?.end('SSH-2.0-secret\r\n');
  });
  notifier().notify(sampleProposal());
  await expect.poll(() => warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/cannot be reached \([A-Za-z_ ]+\)$/);
});

it('gets at most four at a time; the newest of the others waits and counts those that it replaced', async () => {
  const held: ServerResponse[] = [];
  const { asked, notifier } = await served((response) => void held.push(response));
  const one = notifier();
  for (let count = 0; count < 50; count += 1) one.notify(sampleProposal());
  await expect.poll(() => held).toHaveLength(4);
  for (const response of held.splice(0)) ok(response);
  await expect.poll(() => held).toHaveLength(1);
  expect(notificationSchema.parse(JSON.parse(asked[4]?.body ?? '')).skipped).toBe(45);
});

it('is given up by close, without a warning', async () => {
  const { asked, warnings, notifier } = await served(() => undefined);
  const one = notifier();
  one.notify(sampleProposal());
  await expect.poll(() => asked).toHaveLength(1);
  await one.close();
  one.notify(sampleProposal());
  expect(asked).toHaveLength(1);
  expect(warnings).toEqual([]);
});
