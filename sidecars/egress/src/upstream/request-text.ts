import type { UpstreamRequest } from './upstream-exchange.ts';
import { UpstreamError } from './upstream-error.ts';

/** Methods whose body every server reads; they say so even when there is none (RFC 9110 8.6). */
export const bodyMethods: ReadonlySet<string> = new Set([
  'POST',
  'PUT',
  'PATCH',
  'QUERY',
  'PROPFIND',
  'PROPPATCH',
  'REPORT',
]);

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const unsendableTarget = /[^\x21-\x7e\x80-\xff]/;
const unsendableValue = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * Request line and fields with the empty line after them. All parts were checked where they came from; whatever
 * could still end a line is refused here, so that no text becomes a second request. Throws `UpstreamError`.
 */
export function requestText(request: UpstreamRequest): string {
  const { method, target, headers, upgrade } = request;
  if (!token.test(method) || unsendableTarget.test(target)) throw new UpstreamError('upstream_invalid');
  let fields = '';
  let host = '';
  for (const [name, value] of headers) {
    if (!token.test(name) || unsendableValue.test(value)) throw new UpstreamError('upstream_invalid');
    if (name.length === 4 && name.toLowerCase() === 'host') host = `${name}: ${value}\r\n`;
    else fields += `${name}: ${value}\r\n`;
  }
  const connection =
    upgrade === null ? (request.closes ? 'close' : 'keep-alive') : `Upgrade\r\nUpgrade: ${upgrade}`;
  return `${method} ${target} HTTP/1.1\r\n${host}Connection: ${connection}\r\n${fields}${framing(request)}\r\n`;
}

function framing({ method, body, length }: UpstreamRequest): string {
  if (body === null) return bodyMethods.has(method) ? 'Content-Length: 0\r\n' : '';
  return length === null ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${length}\r\n`;
}
