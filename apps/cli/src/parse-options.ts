import { z } from 'zod';

const flag = z.boolean().default(false);
const text = z.string().nullable().default(null);

/** Options of `start` and `run` as the command line gives them. */
export const launchOptionsSchema = z.object({
  backend: z.enum(['docker', 'bubblewrap', 'smolmachines']).nullable().default(null),
  cwd: flag,
  include: z.array(z.string()).default([]),
  yes: flag,
  trustAgent: text,
  label: z.string().max(200).nullable().default(null),
  keep: flag,
  dryRun: flag,
  json: flag,
  // start only
  headless: flag,
  prompt: text,
  promptFile: text,
  detach: flag,
  remoteControl: flag,
  // run only; undefined: decide by the terminal
  tty: z.boolean().optional(),
});
export type LaunchCommandOptions = z.output<typeof launchOptionsSchema>;

export const demoOptionsSchema = z.object({
  json: flag,
  backend: z.enum(['bubblewrap', 'docker']).default('bubblewrap'),
});
/** Backends that the demo can show. */
export type DemoBackend = z.output<typeof demoOptionsSchema>['backend'];

export const reportOptionsSchema = z.object({
  json: flag,
  follow: flag,
  verify: flag,
  yes: flag,
  // doctor only
  hostKeys: flag,
});
