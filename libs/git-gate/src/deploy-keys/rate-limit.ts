/** What is waited when the forge gives no time, in milliseconds: GitHub asks for at least one minute. */
const UNTOLD_MS = 60_000;

export interface LimitedResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/**
 * How long to wait before the request may be sent again, in milliseconds; null when it is not limited.
 *
 * - https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit:
 *   403 or 429, `retry-after`, else `x-ratelimit-reset` when nothing remains, else a minute
 * - https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/#response-headers: 429, `Retry-After`,
 *   `RateLimit-Reset`
 *
 * @param now milliseconds since the epoch, for a response without `Date`
 */
export function rateLimitWait(response: LimitedResponse, now: number): number | null {
  const { headers, status } = response;
  const isSpent = headers.get('x-ratelimit-remaining') === '0';
  const isLimited403 =
    status === 403 && (headers.has('retry-after') || isSpent || /\brate limit/i.test(response.text));
  if (status !== 429 && !isLimited403) return null;

  const sent = Date.parse(headers.get('date') ?? '');
  const clock = Number.isNaN(sent) ? now : sent;
  const after = headers.get('retry-after');
  if (after !== null)
    return atLeastASecond(/^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - clock);
  const reset = isSpent ? headers.get('x-ratelimit-reset') : headers.get('ratelimit-reset');
  return atLeastASecond(reset === null ? Number.NaN : Number(reset) * 1000 - clock);
}

const atLeastASecond = (ms: number): number => (Number.isNaN(ms) ? UNTOLD_MS : Math.max(1000, ms));
