import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { DeployKeyForge } from '@bot-bottle/manifest';
import { fakeGitea } from './fake-gitea.ts';
import { fakeGithub } from './fake-github.ts';
import { fakeGitlab } from './fake-gitlab.ts';
import { ForgeState, type FakeKey, type FakeReply, type FakeRequest } from './forge-state.ts';

/** How one forge's API answers. */
export interface ForgeBehaviour {
  /** path of the API */
  readonly base: string;
  answer(request: FakeRequest, state: ForgeState): FakeReply;
  /** a refusal by its rate limit that ends in `seconds` */
  limited(seconds: number, kind: 'primary' | 'secondary'): FakeReply;
}

/** What happens to a request instead of, or after, what the forge would do. */
export type Fault =
  /** answer with this; the forge does nothing */
  | { readonly kind: 'reply'; readonly reply: FakeReply }
  | { readonly kind: 'limit'; readonly seconds: number; readonly limit?: 'primary' | 'secondary' }
  /** the connection ends before the forge does anything, or after it did everything */
  | { readonly kind: 'reset'; readonly when: 'before' | 'after' }
  /** never answered; the forge does nothing, or everything */
  | { readonly kind: 'hang'; readonly when: 'before' | 'after' };

const behaviours: Readonly<Record<DeployKeyForge, ForgeBehaviour>> = {
  gitea: fakeGitea,
  github: fakeGithub,
  gitlab: fakeGitlab,
};

/** A forge on loopback that answers as the real one does and keeps what it was given, so a leaked key is seen. */
export class FakeForge {
  readonly state = new ForgeState();
  /** method and URL of every request, in order */
  readonly requests: string[] = [];
  /** looked at for each request; null: none */
  fault: (request: FakeRequest) => Fault | null = () => null;
  readonly #behaviour: ForgeBehaviour;
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch(() => request.socket.destroy());
  });
  #origin = '';

  private constructor(provider: DeployKeyForge) {
    this.#behaviour = behaviours[provider];
  }

  static async start(provider: DeployKeyForge): Promise<FakeForge> {
    const forge = new FakeForge(provider);
    forge.#server.listen(0, '127.0.0.1');
    await once(forge.#server, 'listening');
    const address = forge.#server.address();
    if (typeof address === 'object' && address !== null) forge.#origin = `http://127.0.0.1:${address.port}`;
    return forge;
  }

  /** value for `api_url` */
  get apiUrl(): string {
    return `${this.#origin}${this.#behaviour.base}`;
  }

  /** Keys of a repository, oldest first. */
  keys(path: string): readonly FakeKey[] {
    return this.state.keysOf(path) ?? [];
  }

  /** Declares a repository, with keys of other people. */
  addRepo(path: string, keys: readonly string[] = []): void {
    const list: FakeKey[] = [];
    this.state.repos.set(path.toLowerCase(), list);
    for (const [index, key] of keys.entries()) {
      this.state.add(list, { title: `key of somebody ${index}`, key, readOnly: true, expiresAt: null });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = '', url = '' } = incoming;
    this.requests.push(`${method} ${url}`);
    const [path = '', query = ''] = url.split('?');
    const request: FakeRequest = {
      method,
      path: path.slice(this.#behaviour.base.length),
      query: new URLSearchParams(query),
      headers: Object.fromEntries(
        Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
      ),
      body: chunks.length === 0 ? null : JSON.parse(Buffer.concat(chunks).toString()),
      origin: this.#origin,
    };
    const fault = this.fault(request);
    if (fault === null) return send(response, this.#answer(path, request));
    switch (fault.kind) {
      case 'reply':
        return send(response, fault.reply);
      case 'limit':
        return send(response, this.#behaviour.limited(fault.seconds, fault.limit ?? 'primary'));
      case 'reset':
        if (fault.when === 'after') this.#answer(path, request);
        incoming.socket.destroy();
        return;
      case 'hang':
        if (fault.when === 'after') this.#answer(path, request);
    }
  }

  #answer(path: string, request: FakeRequest): FakeReply {
    return path.startsWith(`${this.#behaviour.base}/`)
      ? this.#behaviour.answer(request, this.state)
      : { status: 404, headers: { 'content-type': 'text/html' }, body: '<!DOCTYPE html><h1>Not found</h1>' };
  }
}

function send(response: ServerResponse, { status, headers = {}, body }: FakeReply): void {
  const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(text);
}
