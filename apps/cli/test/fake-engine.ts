import { createServer } from 'node:http';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface FakeImage {
  readonly Id: string;
  readonly RepoTags: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly Size: number;
  readonly Created: number;
}

export interface FakeEngine {
  /** DOCKER_HOST */
  readonly host: string;
  readonly images: FakeImage[];
  /** images of containers */
  readonly used: Set<string>;
  readonly networks: Array<{ Id: string; Name: string; Labels: Record<string, string> }>;
}

/** What `images` asks of an engine: pruning the one that tests share would take images from under other tests. */
export async function fakeEngine(folder: string): Promise<FakeEngine> {
  const path = join(folder, 'engine.sock');
  const engine: FakeEngine = { host: `unix://${path}`, images: [], used: new Set(), networks: [] };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://engine');
    const [status, body] = answer(engine, request.method ?? 'GET', decodeURIComponent(pathname));
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(body === null ? '' : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return engine;
}

function answer(engine: FakeEngine, method: string, path: string): [number, unknown] {
  switch (path) {
    case '/version':
      return [200, { Version: '20.10.24', ApiVersion: '1.41', Os: 'linux' }];
    case '/info':
      return [200, {}];
    case '/images/json':
      return [200, engine.images];
    case '/containers/json':
      return [200, [...engine.used].map((ImageID) => ({ ImageID }))];
    case '/networks':
      return [200, engine.networks];
  }
  const network = /^\/networks\/(.+)$/.exec(path)?.[1];
  if (network !== undefined && method === 'DELETE') {
    engine.networks.splice(0, engine.networks.length, ...engine.networks.filter(({ Id }) => Id !== network));
    return [204, null];
  }
  const reference = /^\/images\/(.+?)(?:\/json)?$/.exec(path)?.[1] ?? '';
  const image = engine.images.find(({ RepoTags }) => RepoTags.includes(reference));
  if (image === undefined) return [404, { message: `No such image: ${reference}` }];
  if (method === 'GET') return [200, { Id: image.Id, Config: { Labels: image.Labels } }];
  if (engine.used.has(image.Id)) return [409, { message: 'conflict: a container is using it' }];
  engine.images.splice(engine.images.indexOf(image), 1);
  return [200, [{ Untagged: reference }]];
}
