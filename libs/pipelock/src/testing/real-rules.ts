import { z } from 'zod';

/**
 * What pipelock itself accepts of the sections that we write, as its public source says (configuration reference;
 * `validateMode`, `validateForwardProxy`, `validateRequestBodyScanning`, `validateTLSInterception`, `validateSSRF` of its
 * package `config`; the strict decoder of its loader). Written apart from our own schema, so that a mistake in one shows.
 */
export const realRules = z
  .strictObject({
    version: z.number().int().optional(),
    mode: z.enum(['strict', 'balanced', 'audit', 'permissive']).optional(),
    enforce: z.boolean().optional(),
    explain_blocks: z.boolean().optional(),
    api_allowlist: z.array(z.string()).optional(),
    forward_proxy: z
      .strictObject({
        enabled: z.boolean().optional(),
        max_tunnel_seconds: z.number().int().positive().optional(),
        idle_timeout_seconds: z.number().int().positive().optional(),
        sni_verification: z.boolean().optional(),
        redirect_websocket_hosts: z.array(z.string()).optional(),
      })
      .optional(),
    dlp: z
      .strictObject({
        scan_env: z.boolean().optional(),
        secrets_file: z.string().optional(),
        min_env_secret_length: z.number().int().optional(),
        include_defaults: z.boolean().optional(),
        patterns: z.array(z.unknown()).optional(),
      })
      .optional(),
    request_body_scanning: z
      .strictObject({
        enabled: z.boolean().optional(),
        action: z.enum(['warn', 'block']).optional(),
        max_body_bytes: z.number().int().positive().optional(),
        scan_headers: z.boolean().optional(),
        header_mode: z.enum(['sensitive', 'all']).optional(),
        sensitive_headers: z.array(z.string()).optional(),
        ignore_headers: z.array(z.string()).optional(),
      })
      .optional(),
    seed_phrase_detection: z
      .strictObject({
        enabled: z.boolean().optional(),
        min_words: z.literal([12, 15, 18, 21, 24]).optional(),
        verify_checksum: z.boolean().optional(),
      })
      .optional(),
    tls_interception: z
      .strictObject({
        enabled: z.boolean().optional(),
        ca_cert: z.string().optional(),
        ca_key: z.string().optional(),
        passthrough_domains: z.array(z.string()).optional(),
        cert_ttl: z.string().optional(),
        cert_cache_size: z.number().int().positive().optional(),
        max_response_bytes: z.number().int().positive().optional(),
      })
      .optional(),
    ssrf: z.strictObject({ ip_allowlist: z.array(z.string()).optional() }).optional(),
  })
  .check((context) => {
    const { mode, api_allowlist: hosts = [], ssrf } = context.value;
    const refuse = (path: string[], message: string): void => {
      context.issues.push({ code: 'custom', path, message, input: context.value });
    };
    if (mode === 'strict' && hosts.length === 0)
      refuse(['api_allowlist'], 'strict mode requires at least one domain');
    for (const range of ssrf?.ip_allowlist ?? [])
      if (!isNetwork(range)) refuse(['ssrf', 'ip_allowlist'], `${range} is refused`);
  });

/** `net.ParseCIDR`, no `/0`, no bits of a host: by way of numbers, not by the code under test. */
function isNetwork(text: string): boolean {
  const [address = '', prefix = ''] = text.split('/');
  if (!/^\d+$/.test(prefix) || prefix === '0') return false;
  const six = address.includes(':');
  const width = six ? 128n : 32n;
  const value = six
    ? groups(address)
    : address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const bits = BigInt(prefix);
  return bits <= width && value % (1n << (width - bits)) === 0n;
}

function groups(address: string): bigint {
  const [head = '', tail] = address.split('::');
  const parts = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const left = parts(head);
  const right = tail === undefined ? [] : parts(tail);
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}
