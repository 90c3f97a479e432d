import { routeSchema } from '@bot-bottle/egress';
import { z } from 'zod';
import { text } from '../text.ts';

/** Longest time of a grant, in minutes: a week. */
export const MAX_GRANT_MINUTES = 7 * 24 * 60;

const routeShape = {
  host: text(253).min(1).describe('exact host or `*.suffix`'),
  ports: z.array(z.int().min(1).max(65_535)).min(1).max(16),
  path_allowlist: z.array(text(2048).startsWith('/')).max(64).describe('path prefixes; [] allows every path'),
  methods: routeSchema.shape.methods.max(32),
};

const minutes = z
  .number()
  .positive()
  .max(MAX_GRANT_MINUTES)
  .nullable()
  .describe('how long, null: as long as the bottle lives');

/** Reach that an agent asks for: one host, as it would stand in a manifest. */
export const egressBlockSchema = z.strictObject({
  kind: z.literal('egress-block'),
  ...routeShape,
  minutes,
  justification: text(2048).min(1).describe('what for, in the words of the agent'),
});

/** Reach that a human gives: what was asked for, or what he made of it. */
export const grantSchema = z.strictObject({
  ...routeShape,
  minutes,
  inject: z.boolean().describe("whether the credential of the host's route is added on it"),
});
export type Grant = z.infer<typeof grantSchema>;
