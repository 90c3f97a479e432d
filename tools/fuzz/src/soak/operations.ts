import type { AgentStream, AskOptions, Outcome, Way } from '../http/agent.ts';
import { dial, openTls, AgentStream as Stream } from '../http/agent.ts';
import { headerOf } from '../http/response-parser.ts';
import { DOWNLOAD_BYTES, HOST } from './contracts.ts';
import type { UpstreamPorts } from './contracts.ts';
import { cleanText, patternCrc } from './pattern.ts';
import type { Random } from './random.ts';

export interface Scene extends UpstreamPorts {
  readonly way: Way;
  readonly canary: string;
  /** the longest that an endless stream is read, milliseconds */
  readonly streamMs: number;
}

/**
 * What an operation came to; `lost`: the connection ended where that is wrong unless the proxy was killed. `isTimeLimit`: a
 * time limit of the proxy ran out.
 */
export type Verdict =
  | 'ok'
  | { readonly lost: string }
  | { readonly wrong: string; readonly isTimeLimit?: boolean };
/** Streams that an operation opens are handed to `own`, so that they can be cut from outside. */
export type Operation = (
  scene: Scene,
  random: Random,
  own: (stream: AgentStream) => AgentStream,
) => Promise<Verdict>;

const wrong = (what: string, outcome?: Outcome): Verdict =>
  outcome === undefined
    ? { wrong: what }
    : { wrong: `${what}: ${describe(outcome)}`, isTimeLimit: codeOf(outcome) === 'upstream_timeout' };

const codeOf = ({ response }: Outcome): string | null =>
  response === null ? null : headerOf(response, 'x-bot-bottle-deny');

export const lost = (outcome: Outcome): Verdict => ({ lost: describe(outcome) });

/** One line that says what came. */
export function describe(outcome: Outcome): string {
  const { response, bytes, kind } = outcome;
  if (response === null) return `${kind}, nothing came`;
  const code = headerOf(response, 'x-bot-bottle-deny');
  return `${kind}, ${response.status}${code === null ? '' : ` ${code}`}, ${bytes} bytes of body`;
}

/** The verdict on an answer that must be this denial. */
export function expectDenial(outcome: Outcome, status: number, code: string): Verdict {
  if (outcome.kind === 'cut' && outcome.response === null) return lost(outcome);
  const { response } = outcome;
  const isRight = response?.status === status && headerOf(response, 'x-bot-bottle-deny') === code;
  if (!isRight) return wrong(`expected ${status} ${code}`, outcome);
  return outcome.kind === 'answer' ? 'ok' : lost(outcome);
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const request = (method: string, path: string, authority: string, more = ''): string =>
  `${method} ${path} HTTP/1.1\r\nHost: ${authority}\r\n${more}\r\n`;

/** Sends a head and then a body as fast as it is taken, until that is answered. */
export async function upload(
  stream: AgentStream,
  head: string,
  blocks: Iterable<Buffer | string>,
  options: AskOptions = {},
): Promise<Outcome> {
  const answer = stream.ask(head, options);
  answer.catch(() => undefined);
  for (const block of blocks) {
    if (!stream.isBusy || stream.socket.destroyed) break;
    if (!stream.socket.write(block)) await drained(stream);
  }
  return await answer;
}

function drained({ socket }: AgentStream): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      socket.off('drain', go).off('close', go).off('end', go);
      resolve();
    };
    socket.on('drain', go).on('close', go).on('end', go);
    if (socket.destroyed) go();
  });
}

/** A tunnel that carries small requests one after the other. */
export const keepAlive: Operation = async ({ way, port }, random, own) => {
  const authority = `${HOST}:${port}`;
  const stream = own(await openTls(way, authority));
  for (let left = random.between(1, 20); left > 0; left -= 1) {
    const body = 'x'.repeat(random.between(0, 2000));
    const outcome = await stream.ask(
      `${request('POST', '/v1', authority, `Content-Length: ${body.length}\r\n`)}${body}`,
    );
    if (outcome.kind === 'cut') return lost(outcome);
    if (outcome.response.status !== 200) return wrong('a good request', outcome);
    await pause(random.between(50, 1500));
  }
  return 'ok';
};

/** Server-sent events, read for a while and left by the agent. */
export const events: Operation = async ({ way, port, streamMs }, random, own) => {
  const authority = `${HOST}:${port}`;
  const stream = own(await openTls(way, authority));
  let text = '';
  const began = Promise.withResolvers<null>();
  const ended = stream.ask(request('GET', '/sse', authority), {
    onBody: (chunk) => {
      text += chunk.toString('latin1');
      began.resolve(null);
    },
  });
  const enough = began.promise.then(async () => {
    await pause(random.between(Math.min(1000, streamMs), streamMs));
    return null;
  });
  const outcome = await Promise.race([ended, enough]);
  ended.catch(() => undefined);
  if (outcome !== null)
    return outcome.kind === 'cut' ? lost(outcome) : wrong('a stream without end ended', outcome);
  const whole = text.slice(0, text.lastIndexOf('\n\n')).split('\n\n');
  return whole.every((line, i) => line === `data: ${i + 1}`) ? 'ok' : wrong('events are missing or torn');
};

export const download: Operation = async ({ way, port }, random, own) => {
  const authority = `${HOST}:${port}`;
  const stream = own(await openTls(way, authority));
  for (let left = random.between(1, 3); left > 0; left -= 1) {
    const verdict = await fetchPattern(stream, authority, random.pick(DOWNLOAD_BYTES), {});
    if (verdict !== 'ok') return verdict;
  }
  return 'ok';
};

/** A download whose reader pauses after every piece. */
export const slowDownload: Operation = async ({ way, port }, random, own) => {
  const authority = `${HOST}:${port}`;
  const stream = own(await openTls(way, authority));
  const { socket } = stream;
  return await fetchPattern(stream, authority, 1_500_000, {
    onBody: () => {
      socket.pause();
      setTimeout(() => socket.resume(), random.between(10, 60)).unref();
    },
  });
};

async function fetchPattern(
  stream: AgentStream,
  authority: string,
  bytes: number,
  options: { readonly onBody?: () => void },
): Promise<Verdict> {
  const outcome = await stream.ask(request('GET', `/download/${bytes}`, authority), options);
  if (outcome.kind === 'cut') return lost(outcome);
  const isWhole =
    outcome.response.status === 200 && outcome.bytes === bytes && outcome.crc === patternCrc(bytes);
  return isWhole ? 'ok' : wrong(`a download of ${bytes} bytes`, outcome);
}

export const cleanUpload: Operation = async ({ way, port }, random, own) => {
  const authority = `${HOST}:${port}`;
  const stream = own(await openTls(way, authority));
  const bytes = random.between(50_000, 3_000_000);
  const isChunked = random.below(3) === 0;
  const blocks = isChunked ? chunked(cleanText(bytes)) : cleanText(bytes);
  const framing = isChunked ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${bytes}\r\n`;
  let told = '';
  const outcome = await upload(stream, request('POST', '/upload', authority, framing), blocks, {
    onBody: (chunk) => (told += chunk.toString('latin1')),
  });
  if (outcome.kind === 'cut') return lost(outcome);
  const isWhole = outcome.response.status === 200 && told === JSON.stringify({ bytes });
  return isWhole ? 'ok' : wrong(`an upload of ${bytes} bytes, of which ${told}`, outcome);
};

function* chunked(blocks: Iterable<Buffer>): Generator<Buffer | string> {
  for (const block of blocks) {
    yield `${block.length.toString(16)}\r\n`;
    yield block;
    yield '\r\n';
  }
  yield '0\r\n\r\n';
}

/** Hosts that nobody declared, in a tunnel and in a plaintext request. */
export const deniedHost: Operation = async ({ way }, random, own) => {
  const host = `evil-${random.below(40)}.test`;
  if (random.below(3) === 0) {
    const stream = own(new Stream(await dial(way)));
    const target = `http://${host}/`;
    const outcome = await stream.ask(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    return expectDenial(outcome, 403, 'host_not_allowed');
  }
  const stream = own(await openTls(way, `${host}:443`));
  return expectDenial(await stream.ask(request('GET', '/', host)), 403, 'host_not_allowed');
};

/** Bodies with the canary: short, and so long that most of it has left before the canary is seen. */
export const deniedBody: Operation = async ({ way, port, canary }, random, own) => {
  const authority = `${HOST}:${port}`;
  const stream = own(await openTls(way, authority));
  const before = random.pick([0, 10_000, 2_500_000]);
  const hidden = random.pick([
    (text: string) => text,
    (text: string) => Buffer.from(text).toString('base64'),
    (text: string) => Buffer.from(text).toString('hex'),
  ])(canary);
  const blocks = [...cleanText(before), Buffer.from(`\n${hidden}\n`)];
  const bytes = blocks.reduce((sum, block) => sum + block.length, 0);
  const outcome = await upload(
    stream,
    request('POST', '/upload', authority, `Content-Length: ${bytes}\r\n`),
    blocks,
  );
  return expectDenial(outcome, 403, 'dlp_blocked');
};

/** What the route for the host does not allow, and what is no request at all. */
export const deniedRequest: Operation = async ({ way, port }, random, own) => {
  const authority = `${HOST}:${port}`;
  const stream = own(await openTls(way, authority));
  const [status, code, bytes] = random.pick([
    [403, 'path_not_allowed', request('GET', '/closed', authority)],
    [403, 'method_not_allowed', request('DELETE', '/v1', authority)],
    [403, 'git_push_over_https', request('POST', '/x.git/git-receive-pack', authority)],
    [400, 'malformed_request', request('GET', '/v1', authority, 'Content-Length: 1, 2\r\n')],
    [421, 'misdirected', request('GET', '/v1', 'other.test')],
    [405, 'method_refused', request('TRACE', '/v1', authority)],
  ] as const);
  return expectDenial(await stream.ask(bytes), status, code);
};
