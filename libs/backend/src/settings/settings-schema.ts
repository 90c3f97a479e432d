import { isIP } from 'node:net';
import { z } from 'zod';
import { backendNames } from '../contracts.ts';

const proxyUrl = z.url({ protocol: /^https?$/ }).refine((text) => {
  if (!URL.canParse(text)) return true;
  const url = new URL(text);
  return url.username === '' && url.password === '';
}, 'must not hold credentials: name a variable with `upstream_proxy: {url, auth_env}`');

const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable');

/** `~/.bot-bottle/settings.yml`. Every key may be missing. */
export const settingsSchema = z.strictObject({
  backend: z.enum(backendNames).optional().describe('backend to use when none is named on the command line'),
  upstream_proxy: z
    .union([
      proxyUrl,
      z.strictObject({
        url: proxyUrl,
        auth_env: envName.optional().describe('host variable that holds user:password'),
      }),
    ])
    .optional()
    .describe('corporate proxy that allowed requests go through'),
  no_proxy: z
    .array(z.string().min(1))
    .optional()
    .describe('hosts and suffixes that are reached without that proxy'),
  extra_ca_file: z
    .string()
    .min(1)
    .optional()
    .describe('PEM bundle trusted for upstreams besides the system roots'),
  hosts: z
    .record(
      z.string().regex(/^(?=.{1,253}$)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/, 'must be a lower-case host name'),
      z.string().refine((text) => isIP(text) !== 0, 'must be an IP address'),
    )
    .optional()
    .describe('host name → IP address, used instead of DNS and checked like any address'),
  docker: z
    .strictObject({
      egress_network: z
        .string()
        .min(1)
        .optional()
        .describe('network of the engine that egress and git-gate join'),
      runtime: z.string().min(1).optional().describe('OCI runtime of the agent, e.g. runsc'),
      host: z.string().min(1).optional().describe('engine address, as in DOCKER_HOST'),
      base_image: z
        .string()
        .min(1)
        .optional()
        .describe('image that the images of sidecars and agents are built on, instead of `node:24-slim`'),
    })
    .optional()
    .describe('docker backend'),
  bubblewrap: z
    .strictObject({
      programs: z
        .array(z.string().min(1))
        .optional()
        .describe('further folders shown read-only in every bottle'),
    })
    .optional()
    .describe('bubblewrap backend'),
  git_gate: z
    .strictObject({
      scanner: z
        .enum(['auto', 'gitleaks', 'builtin'])
        .optional()
        .describe('what looks for secrets in pushes; auto: gitleaks when it is installed, else builtin'),
      gitleaks: z.string().min(1).optional().describe('path of gitleaks, instead of the one on the PATH'),
    })
    .optional()
    .describe('git gate'),
  notify: z
    .strictObject({
      command: z.array(z.string()).min(1).optional().describe('argv run on a new proposal'),
      webhook: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe('URL that a new proposal is posted to'),
    })
    .optional()
    .describe('what tells you of a new proposal'),
  editor: z.string().min(1).optional().describe('editor for `edit` and `routes edit`, instead of $EDITOR'),
});

export type SettingsFile = z.infer<typeof settingsSchema>;

/** Settings with every default filled in; paths are absolute. */
export interface Settings {
  readonly backend: (typeof backendNames)[number] | null;
  readonly upstreamProxy: { readonly url: string; readonly authEnv: string | null } | null;
  readonly noProxy: readonly string[];
  readonly extraCaFile: string | null;
  readonly hosts: Readonly<Record<string, string>>;
  readonly docker: {
    readonly egressNetwork: string | null;
    readonly runtime: string | null;
    readonly host: string | null;
    /** null: BOT_BOTTLE_BASE_IMAGE, else the default */
    readonly baseImage: string | null;
  };
  readonly bubblewrap: { readonly programs: readonly string[] };
  readonly gitGate: {
    readonly scanner: 'auto' | 'gitleaks' | 'builtin';
    /** null: the one on the PATH, if there is one */
    readonly gitleaks: string | null;
  };
  readonly notify: { readonly command: readonly string[] | null; readonly webhook: string | null };
  readonly editor: string | null;
}
