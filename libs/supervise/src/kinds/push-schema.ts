import { z } from 'zod';
import { text } from '../text.ts';

const oid = z
  .string()
  .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)
  .describe('git object id');

/** Something in a push that a human has to look at because the scanner found it and the content asks to ignore it. */
export const pushFindingSchema = z.strictObject({
  ref: text(1024),
  file: text(4096).nullable().describe('path, null for what is not a file (message, tag, ref name)'),
  line: z.int().positive().nullable(),
  rule: text(256),
  commit: oid.nullable().describe('a commit that brings it'),
  masked: text(512).describe('the line with the value masked'),
});

const pushedRefSchema = z.strictObject({
  ref: text(1024),
  old_oid: oid.nullable().describe('null: the ref is created'),
  new_oid: oid.nullable().describe('null: the ref is deleted'),
  fast_forward: z.boolean().optional().describe('false: history is rewritten; absent: not told'),
  default_branch: z.boolean().optional().describe("whether it is the upstream's default; absent: not told"),
});

const pushShape = {
  held: text(64).describe("the sidecar's id of the held push"),
  repo: text(256).describe('name of the repository in the manifest'),
  upstream: text(2048).describe('where it goes, without credentials'),
  refs: z.array(pushedRefSchema).min(1).max(256),
  reasons: z.array(text(1024)).min(1).max(64).describe('why a human is asked'),
  commits: z
    .array(z.strictObject({ oid, summary: text(512) }))
    .max(50)
    .describe('newest first, at most 50'),
  commit_count: z.int().nonnegative(),
  paths: z.array(text(4096)).max(200).describe('protected paths that it touches'),
};

/** A push that the policy lets through only with a human's consent. */
export const pushApprovalSchema = z.strictObject({ kind: z.literal('push-approval'), ...pushShape });

/** The same, with findings that the content marks `gitleaks:allow`: consent needs a reason. */
export const gitleaksAllowSchema = z.strictObject({
  kind: z.literal('gitleaks-allow'),
  ...pushShape,
  findings: z.array(pushFindingSchema).min(1).max(200),
});
