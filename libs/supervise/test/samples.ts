import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { idSource, proposalDigest, type Proposal, type Response } from '../src/index.ts';
import { pushRequest } from './sample-requests.ts';

export {
  capabilityRequest,
  egressRequest,
  findingRequest,
  holdRequest,
  oid,
  pushRequest,
  type CapabilityRequest,
  type EgressRequest,
  type FindingRequest,
  type HoldRequest,
  type PushRequest,
} from './sample-requests.ts';

const newId = idSource();

export function sampleProposal(changes: Partial<Proposal> = {}): Proposal {
  return {
    id: newId(),
    bottle: 'worker-abcde',
    sidecar: 'git-gate',
    arrived: '2026-01-02T03:04:05.678Z',
    request: pushRequest(),
    ...changes,
  };
}

export function responseTo(proposal: Proposal, changes: Partial<Response> = {}): Response {
  return {
    id: proposal.id,
    outcome: 'approved',
    reason: 'looked at it',
    decided: '2026-01-02T03:05:05.678Z',
    by: 'op',
    digest: proposalDigest(proposal),
    applied: 'forwarded',
    grant: null,
    dockerfile: null,
    ...changes,
  };
}

/** A fresh folder that goes when the test ends. */
export async function tempDir(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bb-supervise-'));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  return folder;
}
