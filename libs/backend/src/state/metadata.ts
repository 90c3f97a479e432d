import { z } from 'zod';
import { backendNames } from '../contracts.ts';
import type { BottlePlan } from '../plan/bottle-plan.ts';

const text = z.string().nullable().catch(null);

/**
 * `metadata.json` of a bottle's state. Unknown fields are dropped and missing or broken ones become null, so that state
 * of another version stays readable; an empty backend means docker, which was the only one once.
 */
export const metadataSchema = z.object({
  identity: text.describe('identity of the bottle'),
  agent: text.describe('name of the agent'),
  bottle: text.describe('name of the bottle manifest'),
  cwd: text.describe('folder of the host that the launch was made in'),
  copy_cwd: z.boolean().catch(false).describe('whether that folder was copied in'),
  started_at: text.describe('ISO 8601, UTC'),
  backend: z
    .enum(['', ...backendNames])
    .nullable()
    .catch(null)
    .transform((name) => (name === '' ? 'docker' : name))
    .describe('backend that resume uses'),
  project: text.describe('name under which the engine groups the containers'),
  images: z.record(z.string(), z.string()).catch({}).describe('role → image reference'),
  label: text.describe('label chosen by the operator'),
  owner_pid: z.int().positive().nullable().catch(null).describe('process id of the owner'),
});

export type Metadata = z.output<typeof metadataSchema>;

/** What is written down about a launch. */
export function metadataFor(plan: BottlePlan, cwd: string, ownerPid: number): Metadata {
  return {
    identity: plan.identity,
    agent: plan.agent.name,
    bottle: plan.agent.bottle.name,
    cwd: plan.workspace?.source ?? cwd,
    copy_cwd: plan.workspace !== null || plan.resumed?.workspace === true,
    started_at: plan.startedAt,
    backend: plan.backend.name,
    project: null,
    images: {},
    label: plan.label,
    owner_pid: ownerPid,
  };
}
