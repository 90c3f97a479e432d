/** Fields that belong to one connection only (RFC 9110 7.6.1), `Proxy-*` aside. */
export const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'trailers',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** Fields that carry a credential of the agent (chapter 03, strip); all `Proxy-*` fields count as well. */
export const credentialCarriers: ReadonlySet<string> = new Set([
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'private-token',
  'x-auth-token',
  'x-amz-security-token',
  'cookie',
]);

/**
 * Fields that make a server act on another target than the one decided on, git services included: what gateways and
 * frameworks read in place of the request target and of Host.
 */
export const targetOverrides: ReadonlySet<string> = new Set([
  'x-original-url',
  'x-original-uri',
  'x-original-host',
  'x-original-path',
  'x-rewrite-url',
  'x-override-url',
  'x-envoy-original-path',
  'x-forwarded-host',
  'x-forwarded-server',
  'x-forwarded-path',
  'x-forwarded-prefix',
  'x-forwarded-uri',
  'x-http-host-override',
  'x-host',
  'forwarded',
]);

/** Fields that make a server act on another method; where no method is ruled out they are of use to real APIs. */
export const methodOverrides: ReadonlySet<string> = new Set([
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
]);

/**
 * Fields that ask for a part of an answer (RFC 9110 14.2, 13.1.5; Apache reads `Request-Range` too, Azure `x-ms-range`)
 * or for a change to it that no Content-Encoding names (RFC 3229); a server may ignore them.
 */
export const partialFields: ReadonlySet<string> = new Set([
  'range',
  'if-range',
  'request-range',
  'x-ms-range',
  'a-im',
]);

/**
 * The name under which a field is looked up. Gateways that map fields to variables (CGI, WSGI) read `X_Api_Key` or
 * `X.Api.Key` as `X-Api-Key`, so all of them are one here.
 */
export function fieldKey(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-');
}
