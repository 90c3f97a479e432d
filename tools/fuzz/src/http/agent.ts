import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { crc32 } from 'node:zlib';
import { ResponseParser } from './response-parser.ts';
import type { ParsedResponse } from './response-parser.ts';

/** How an agent reaches the proxy. */
export interface Way {
  /** unix socket of the proxy */
  readonly socket: string;
  /** CA that the agent trusts */
  readonly ca: string;
}

/** What came of one request. */
export type Outcome =
  | {
      readonly kind: 'answer';
      readonly response: ParsedResponse;
      readonly bytes: number;
      readonly crc: number;
    }
  /** the connection ended first; `response` is what was begun */
  | { readonly kind: 'cut'; readonly response: ParsedResponse | null; readonly bytes: number };

export interface AskOptions {
  readonly isHead?: boolean;
  readonly onBody?: (chunk: Buffer) => void;
}

/** The connection could not be had or ended where an answer was due. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** One stream of an agent: requests one after the other, each answer judged by the strict parser. */
export class AgentStream {
  readonly socket: Socket;
  readonly #parser: ResponseParser;
  #isHead = false;
  #response: ParsedResponse | null = null;
  #bytes = 0;
  #crc = 0;
  #onBody: ((chunk: Buffer) => void) | null = null;
  #settle: ((outcome: Outcome) => void) | null = null;
  #fail: ((error: Error) => void) | null = null;
  #broken: Error | null = null;

  constructor(socket: Socket) {
    this.socket = socket;
    this.#parser = new ResponseParser({
      isBodiless: () => this.#isHead,
      head: (response) => (this.#response = response),
      body: (chunk) => {
        this.#bytes += chunk.length;
        this.#crc = crc32(chunk, this.#crc);
        this.#onBody?.(chunk);
      },
      end: (response) => {
        if (response.status >= 200)
          this.#done({ kind: 'answer', response, bytes: this.#bytes, crc: this.#crc });
      },
    });
    socket.on('data', this.#read).on('error', () => undefined);
    socket.on('end', this.#over).on('close', this.#over);
  }

  /**
   * Sends a request and resolves with its answer, or with how far that came.
   *
   * @throws MalformedResponse
   */
  ask(bytes: string | Buffer, options: AskOptions = {}): Promise<Outcome> {
    if (this.#broken !== null) return Promise.reject(this.#broken);
    this.#isHead = options.isHead ?? false;
    this.#onBody = options.onBody ?? null;
    this.#response = null;
    this.#bytes = 0;
    this.#crc = 0;
    return new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
      if (this.socket.destroyed || this.socket.readableEnded) this.#over();
      else this.socket.write(bytes);
    });
  }

  /** Whether an answer is awaited. */
  get isBusy(): boolean {
    return this.#settle !== null;
  }

  /** Gives the socket away for another protocol. */
  detach(): Socket {
    this.socket.off('data', this.#read).off('end', this.#over).off('close', this.#over);
    return this.socket;
  }

  destroy(): void {
    this.socket.destroy();
  }

  readonly #read = (chunk: Buffer): void => {
    try {
      this.#parser.push(chunk);
    } catch (error) {
      this.#broken = error instanceof Error ? error : new Error(String(error));
      this.#fail?.(this.#broken);
      this.socket.destroy();
    }
  };

  readonly #over = (): void => {
    if (this.#broken === null) this.#parser.finish();
    this.#done({ kind: 'cut', response: this.#response, bytes: this.#bytes });
  };

  #done(outcome: Outcome): void {
    const settle = this.#settle;
    this.#settle = null;
    this.#fail = null;
    settle?.(outcome);
  }
}

/** @throws ConnectionLost */
export function dial(way: Pick<Way, 'socket'>): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: way.socket });
    const lost = (): void => reject(new ConnectionLost('the proxy does not accept connections'));
    socket.once('error', lost);
    socket.once('connect', () => {
      socket.off('error', lost);
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/** A tunnel as CONNECT gives it. @throws ConnectionLost when it was refused or cut */
export async function openTunnel(way: Pick<Way, 'socket'>, authority: string): Promise<Socket> {
  const stream = new AgentStream(await dial(way));
  // whatever a CONNECT is answered, no body belongs to a success
  const outcome = await stream.ask(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`, {
    isHead: true,
  });
  if (outcome.kind === 'answer' && outcome.response.status === 200) return stream.detach();
  stream.destroy();
  throw new ConnectionLost(
    outcome.kind === 'cut' ? 'cut before CONNECT was answered' : `CONNECT: ${outcome.response.status}`,
  );
}

/** TLS in a tunnel, verified against the bottle's CA. @throws ConnectionLost */
export async function openTls(way: Way, authority: string): Promise<AgentStream> {
  const tunnel = await openTunnel(way, authority);
  return await new Promise((resolve, reject) => {
    const secure = connectTls({ socket: tunnel, ca: way.ca, servername: authority.replace(/:\d+$/, '') });
    const lost = (): void => {
      secure.destroy();
      tunnel.destroy();
      reject(new ConnectionLost('the tunnel ended during the handshake'));
    };
    secure.once('error', lost).once('close', lost);
    secure.once('secureConnect', () => {
      secure.off('error', lost).off('close', lost);
      resolve(new AgentStream(secure));
    });
  });
}
