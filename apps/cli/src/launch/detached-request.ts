import type { BottlePlan } from '@bot-bottle/backend';
import { z } from 'zod';

const values = z.array(z.tuple([z.string(), z.string()]));

/**
 * What a detached owner gets on its stdin, from a process of the same user that made and checked it. The plan is this
 * program's own, so only its outline is checked.
 */
export const detachedRequestSchema = z.strictObject({
  version: z.literal(1),
  plan: z.custom<BottlePlan>(
    (value) => typeof value === 'object' && value !== null && 'identity' in value && 'routes' in value,
  ),
  slots: values.describe('secrets of the egress sidecar'),
  env: values.describe('secrets of the bottle'),
  gateKeys: values.describe('private keys of the git gate'),
  forgeTokens: values.describe('for the launcher: deploy keys are made with them'),
  cwd: z.string(),
  notify: z.strictObject({ command: z.array(z.string()).nullable(), webhook: z.string().nullable() }),
  term: z.string().nullable(),
});
export type DetachedRequest = z.output<typeof detachedRequestSchema>;

/** What the detached owner answers, one line of JSON. */
export const detachedAnswerSchema = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true), identity: z.string() }),
  z.strictObject({
    ok: z.literal(false),
    message: z.string(),
    hint: z.string().nullable(),
    exitCode: z.int(),
  }),
]);
export type DetachedAnswer = z.output<typeof detachedAnswerSchema>;
