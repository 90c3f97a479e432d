import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOST, route, startProxy, startUpstream, temporaryFolder, until } from './harness.ts';
import type { Proxy, Upstream } from './harness.ts';

let upstream: Upstream;
let proxy: Proxy;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let env: NodeJS.ProcessEnv;
let url: string;
let repositories: string;

function has(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const hasCurl = has('curl', '--version');
const hasGit = has('git', '--version');
const hasPython = has('python3', '--version');
const hasRequests = hasPython && has('python3', '-c', 'import requests');

function run(
  program: string,
  args: readonly string[],
  extra: NodeJS.ProcessEnv = {},
): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    execFile(program, [...args], { env: { ...env, ...extra }, timeout: 15_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out: `${stdout}${stderr}` });
    });
  });
}

beforeAll(async () => {
  folder = await temporaryFolder();
  repositories = join(folder.path, 'repositories');
  await mkdir(repositories);
  upstream = await startUpstream((request, response) => {
    if (request.url?.startsWith('/repo.git/')) return gitBackend(request, response);
    if (request.url === '/sse') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: 1\n\n');
      setTimeout(() => response.end('data: 2\n\n'), 50);
      return;
    }
    if (request.url === '/big') return void response.end(Buffer.alloc(20 * 1024 * 1024, 'x'));
    let length = 0;
    request.on('data', (chunk: Buffer) => (length += chunk.length));
    request.on('end', () => response.end(`hello ${length}`));
  });
  proxy = await startProxy({
    routes: [route(HOST, upstream.port, { git: { fetch: true } })],
  });
  const ca = join(folder.path, 'ca.crt');
  await writeFile(ca, proxy.ca);
  url = `https://${HOST}:${upstream.port}`;
  env = {
    PATH: process.env['PATH'],
    HOME: folder.path,
    HTTPS_PROXY: `http://${proxy.address}`,
    https_proxy: `http://${proxy.address}`,
    http_proxy: `http://${proxy.address}`,
    NODE_USE_ENV_PROXY: '1',
    NODE_EXTRA_CA_CERTS: ca,
    SSL_CERT_FILE: ca,
    REQUESTS_CA_BUNDLE: ca,
    CURL_CA_BUNDLE: ca,
    GIT_SSL_CAINFO: ca,
    GIT_TERMINAL_PROMPT: '0',
  };
});

afterAll(async () => {
  await proxy.close();
  await upstream.close();
  await folder.remove();
});

function gitBackend(request: IncomingMessage, response: ServerResponse): void {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: repositories,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: path,
      QUERY_STRING: query,
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
  });
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.on('close', () => {
    const all = Buffer.concat(chunks);
    const end = all.indexOf('\r\n\r\n');
    for (const line of all.toString('latin1', 0, end).split('\r\n')) {
      const [name = '', value = ''] = line.split(': ');
      if (name.toLowerCase() === 'status') response.statusCode = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.end(all.subarray(end + 4));
  });
}

describe.skipIf(!hasCurl)('curl', () => {
  test('gets, posts and downloads', async () => {
    expect((await run('curl', ['-sS', `${url}/`])).out).toBe('hello 0');
    const file = join(folder.path, 'upload');
    await writeFile(file, Buffer.alloc(3_000_000, 'u'));
    expect((await run('curl', ['-sS', '--data-binary', `@${file}`, `${url}/`])).out).toBe('hello 3000000');
    expect((await run('curl', ['-sS', '-o', '/dev/null', '-w', '%{size_download}', `${url}/big`])).out).toBe(
      String(20 * 1024 * 1024),
    );
    expect((await run('curl', ['-sSN', `${url}/sse`])).out).toBe('data: 1\n\ndata: 2\n\n');
  });

  test('reads the denial of an undeclared host', async () => {
    const { out } = await run('curl', ['-sS', '-i', 'https://undeclared.test/']);
    expect(out).toContain('X-Bot-Bottle-Deny: host_not_allowed');
    expect(out).toContain('"code":"host_not_allowed"');
  });

  test('with HTTP/2 asked for still works over HTTP/1.1', async () => {
    expect((await run('curl', ['-sS', '--http2', '-w', ' %{http_version}', `${url}/`])).out).toBe(
      'hello 0 1.1',
    );
  });
});

describe('Node', () => {
  test('fetch gets and reads denials', async () => {
    const script = `
      const ok = await fetch('${url}/', { method: 'POST', body: 'abc' });
      const no = await fetch('https://undeclared.test/');
      process.stdout.write(await ok.text() + ' ' + no.status + ' ' + (await no.json()).code);`;
    expect((await run(process.execPath, ['--input-type=module', '-e', script])).out).toBe(
      'hello 3 403 host_not_allowed',
    );
  });

  test('https gets', async () => {
    const script = `require('node:https').get('${url}/', (r) => r.pipe(process.stdout));`;
    expect((await run(process.execPath, ['-e', script])).out).toBe('hello 0');
  });
});

describe.skipIf(!hasPython)('Python', () => {
  test('urllib gets and reads denials', async () => {
    const script = `
import urllib.request, urllib.error
print(urllib.request.urlopen('${url}/', data=b'abcd').read().decode())
try:
    urllib.request.urlopen('https://undeclared.test/')
except urllib.error.HTTPError as e:
    print(e.code, e.headers['X-Bot-Bottle-Deny'])`;
    expect((await run('python3', ['-c', script])).out).toBe('hello 4\n403 host_not_allowed\n');
  });

  test.skipIf(!hasRequests)('requests gets over one session', async () => {
    const script = `
import requests
s = requests.Session()
print([s.get('${url}/').text for _ in range(3)], s.get('https://undeclared.test/').json()['code'])`;
    expect((await run('python3', ['-c', script])).out).toBe(
      "['hello 0', 'hello 0', 'hello 0'] host_not_allowed\n",
    );
  });
});

describe.skipIf(!hasGit)('git', () => {
  test('clones, and a push is refused with the gate as the way', async () => {
    const bare = join(repositories, 'repo.git');
    const work = join(folder.path, 'work');
    const git = (...args: string[]) =>
      run('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.test', ...args]);
    await git('init', '-q', '--bare', '-b', 'main', bare);
    await git('init', '-q', '-b', 'main', work);
    await writeFile(join(work, 'file'), 'content');
    await git('-C', work, 'add', 'file');
    await git('-C', work, 'commit', '-q', '-m', 'first');
    await git('-C', work, 'push', '-q', bare, 'main');
    const clone = join(folder.path, 'clone');
    expect((await git('clone', '-q', `${url}/repo.git`, clone)).code).toBe(0);
    const pushed = await git('-C', clone, 'push', 'origin', 'main:other');
    expect(pushed.code).not.toBe(0);
    await until(() => proxy.events.some((event) => event.code === 'git_push_over_https'));
  });
});
