/** Headers that frame, route or limit a message (RFC 9110, 9112): no credential, and never for a manifest to set. */
const framing: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-http-method-override',
  'x-original-url',
  'x-rewrite-url',
]);

/** Whether a header name (any case) may not be set by a route or passed from the agent. */
export function isFramingHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return (
    framing.has(lower) ||
    lower.startsWith('proxy-') ||
    lower.startsWith('sec-websocket-') ||
    lower.startsWith('x-bot-bottle-')
  );
}
