import { z } from 'zod';

/** Slot of the key of pipelock's own CA. */
export const caKeySlot = 'PIPELOCK_CA_KEY';

/** Names of the files in the folder of the sidecar that a configuration refers to. */
export const sidecarFiles = {
  config: 'pipelock.yaml',
  caCert: 'ca.pem',
  caKey: 'ca-key.pem',
  roots: 'roots.pem',
} as const;

/** Everything that the sidecar which runs pipelock is configured with; the key of its CA travels beside it. */
export const pipelockSidecarSchema = z.strictObject({
  bottle: z.string().min(1).max(128),
  program: z.string().startsWith('/').describe('the pipelock executable, as the sidecar sees it'),
  folder: z.string().startsWith('/').describe('folder of its own in memory for `sidecarFiles`'),
  listen: z
    .string()
    .regex(/^127\.0\.0\.1:\d{1,5}$/)
    .describe('address on loopback where pipelock serves'),
  config: z.string().describe('configuration of pipelock, rendered'),
  ca_cert: z.string().describe('PEM certificate of its CA'),
  extra_ca: z.string().nullable().describe('PEM bundle trusted besides the system roots'),
});
export type PipelockSidecarConfig = z.infer<typeof pipelockSidecarSchema>;
