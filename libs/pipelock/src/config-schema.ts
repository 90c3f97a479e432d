import { canonicalCidr, normalizeHostPattern } from '@bot-bottle/egress';
import { z } from 'zod';

const hostPattern = z
  .string()
  .refine((text) => normalizeHostPattern(text) === text, {
    error: 'is not a host in its normal form, nor `*.` and a domain',
  })
  .describe('host in lower case, or `*.` and a domain, which pipelock takes for the domain itself too');

const hostList = z.array(hostPattern).refine(isSortedSet, { error: 'is not sorted, or holds a host twice' });

/**
 * What we write for pipelock, and nothing else: a part of its own schema, whose meaning is in its configuration
 * reference. Its loader refuses keys that it does not know, and so does this.
 */
export const pipelockConfigSchema = z.strictObject({
  version: z.literal(1).describe('version of the schema of pipelock'),
  mode: z.enum(['strict', 'balanced', 'audit']).describe('strict: only hosts of `api_allowlist`'),
  enforce: z.boolean().describe('false: findings are logged and let pass'),
  api_allowlist: hostList.min(1, { error: 'is empty, which strict mode refuses' }),
  forward_proxy: z.strictObject({ enabled: z.boolean().describe('CONNECT and absolute-form requests') }),
  dlp: z.strictObject({
    include_defaults: z.boolean().describe('the patterns of pipelock itself'),
    scan_env: z.boolean().describe("values of pipelock's own environment are secrets"),
  }),
  request_body_scanning: z.strictObject({
    action: z.enum(['warn', 'block']),
    scan_headers: z.boolean().optional(),
    header_mode: z.enum(['sensitive', 'all']).optional().describe('all: every header but structural ones'),
  }),
  seed_phrase_detection: z.strictObject({ enabled: z.boolean() }).optional(),
  tls_interception: z
    .strictObject({
      enabled: z.boolean(),
      ca_cert: z.string().min(1).describe('path of the certificate of its CA'),
      ca_key: z.string().min(1).describe('path of the key of its CA, mode 0600 or 0640'),
      passthrough_domains: hostList.describe('hosts whose TLS is not opened; [] opens every one'),
    })
    .optional(),
  ssrf: z
    .strictObject({
      ip_allowlist: z
        .array(
          z
            .string()
            .refine((text) => text.includes('/') && canonicalCidr(text) === text && !text.endsWith('/0'), {
              error: 'is not a network in its normal form, or is all addresses',
            }),
        )
        .refine(isSortedSet, { error: 'is not sorted, or holds a network twice' })
        .describe('private networks that may be dialled; [] none'),
    })
    .optional(),
});
export type PipelockConfig = z.infer<typeof pipelockConfigSchema>;

function isSortedSet(list: readonly string[]): boolean {
  return list.every((item, index) => index === 0 || (list[index - 1] ?? '') < item);
}
