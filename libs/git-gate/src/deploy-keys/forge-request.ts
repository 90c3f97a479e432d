import { setTimeout as delay } from 'node:timers/promises';
import { visibleLine } from '@bot-bottle/audit';
import { DeployKeyError } from './error.ts';
import { rateLimitWait } from './rate-limit.ts';
import { MAX_BODY_BYTES, readBody } from './read-body.ts';
import type { Show } from './shower.ts';

/** Longest time one request may take with its whole answer, in milliseconds. */
export const REQUEST_TIMEOUT_MS = 20_000;
/** Longest wait that a rate limit may ask for, in milliseconds. */
export const MAX_LIMIT_WAIT_MS = 60_000;
/** How often a rate-limited request is sent again. */
export const MAX_LIMIT_RETRIES = 3;
/** Wait before a request is sent again after a failure, in milliseconds. */
const RETRY_WAIT_MS = 1000;

export interface RequestOptions {
  readonly fetch?: typeof globalThis.fetch;
  /** ends everything that is under way */
  readonly signal?: AbortSignal;
  /** milliseconds, `REQUEST_TIMEOUT_MS` unless given */
  readonly timeoutMs?: number;
  /** waits that many milliseconds, rejects when the signal ends it */
  readonly wait?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export interface ForgeCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly show: Show;
}

export interface ForgeResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/**
 * Sends one call. Rate limits are waited for. What may be sent twice without harm is, once, after a failure of the
 * network or the server; a POST never is.
 *
 * @throws DeployKeyError `rate_limited`, `redirected`, `unreachable`, `timed_out`, `aborted`, `invalid_response`
 */
export async function forgeRequest(call: ForgeCall, options: RequestOptions): Promise<ForgeResponse> {
  let retries = call.method === 'POST' ? 0 : 1;
  let limited = 0;
  for (;;) {
    let response: ForgeResponse;
    try {
      response = await exchange(call, options);
    } catch (error) {
      if (!DeployKeyError.isInstance(error) || error.code !== 'unreachable' || retries === 0) throw error;
      retries -= 1;
      await pause(RETRY_WAIT_MS, call.url.host, options);
      continue;
    }
    const waitMs = rateLimitWait(response, Date.now());
    if (waitMs !== null) {
      if (limited === MAX_LIMIT_RETRIES || waitMs > MAX_LIMIT_WAIT_MS) throw rateLimited(call, waitMs);
      limited += 1;
      await pause(waitMs, call.url.host, options);
    } else if (response.status >= 500 && retries > 0) {
      retries -= 1;
      await pause(RETRY_WAIT_MS, call.url.host, options);
    } else {
      return response;
    }
  }
}

async function exchange(call: ForgeCall, options: RequestOptions): Promise<ForgeResponse> {
  const { fetch = globalThis.fetch, signal, timeoutMs = REQUEST_TIMEOUT_MS } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const ending = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  try {
    const response = await fetch(call.url, {
      method: call.method,
      headers: { accept: 'application/json', 'user-agent': 'bot-bottle', ...call.headers },
      redirect: 'manual',
      signal: ending,
      ...(call.body !== undefined && { body: call.body }),
    });
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      throw redirected(call, response);
    }
    const text = await readBody(response);
    if (text === null) {
      throw new DeployKeyError(
        'invalid_response',
        `${call.url.host} answered with more than ${MAX_BODY_BYTES} bytes`,
      );
    }
    return { status: response.status, headers: response.headers, text };
  } catch (error) {
    if (DeployKeyError.isInstance(error)) throw error;
    if (signal?.aborted === true) throw aborted(call.url.host);
    if (timeout.aborted) {
      throw new DeployKeyError('timed_out', `${call.url.host} did not answer within ${timeoutMs / 1000} s`);
    }
    throw unreachable(call, error);
  }
}

/** Waits. @throws DeployKeyError `aborted` */
export async function pause(
  ms: number,
  host: string,
  { wait = sleep, signal }: RequestOptions,
): Promise<void> {
  try {
    await wait(ms, signal);
  } catch {
    throw aborted(host);
  }
}

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, signal === undefined ? {} : { signal });
}

const aborted = (host: string): DeployKeyError =>
  new DeployKeyError('aborted', `the request to ${host} was ended before it was answered`);

function redirected({ url, show }: ForgeCall, response: Response): DeployKeyError {
  const location = URL.parse(response.headers.get('location') ?? '', url.href)?.host ?? 'another address';
  return new DeployKeyError(
    'redirected',
    `${url.host} redirects to ${show(location)}; the token is not sent there`,
    {
      hint: 'the repository may have been renamed or moved: correct its `url`, or `provisioned_key.api_url`',
    },
  );
}

function rateLimited(call: ForgeCall, waitMs: number): DeployKeyError {
  return new DeployKeyError(
    'rate_limited',
    `${call.url.host} takes no more requests from this token for now`,
    {
      hint: `try again in ${Math.ceil(waitMs / 1000)} s`,
    },
  );
}

/** Failures before anything was sent; https://nodejs.org/api/errors.html#common-system-errors, `UND_ERR_*` of undici. */
const unsent = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT)$|CERT|SELF_SIGNED|VERIFY/;

function unreachable(call: ForgeCall, error: unknown): DeployKeyError {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const found: unknown = typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'code') : undefined;
  const code = typeof found === 'string' ? visibleLine(found, 60) : 'connection lost';
  return new DeployKeyError('unreachable', `${call.url.host} cannot be reached (${code})`, {
    nothingDone: unsent.test(code),
  });
}
