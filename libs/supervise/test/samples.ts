import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  idSource,
  proposalDigest,
  type Proposal,
  type ProposalRequest,
  type Response,
} from '../src/index.ts';

export type PushRequest = Extract<ProposalRequest, { kind: 'push-approval' }>;
export type FindingRequest = Extract<ProposalRequest, { kind: 'gitleaks-allow' }>;

export const oid = (digit: string): string => digit.repeat(40);

export function pushRequest(changes: Partial<PushRequest> = {}): PushRequest {
  return {
    kind: 'push-approval',
    held: 'h1',
    repo: 'app',
    upstream: 'ssh://git@git.example.com/team/app.git',
    refs: [{ ref: 'refs/heads/feature', old_oid: oid('a'), new_oid: oid('b'), fast_forward: true }],
    reasons: ['approve is always'],
    commits: [{ oid: oid('b'), summary: 'Mend it' }],
    commit_count: 1,
    paths: [],
    ...changes,
  };
}

export function findingRequest(changes: Partial<FindingRequest> = {}): FindingRequest {
  return {
    ...pushRequest(),
    kind: 'gitleaks-allow',
    findings: [
      {
        ref: 'refs/heads/feature',
        file: 'src/config.ts',
        line: 3,
        rule: 'gitleaks/generic-api-key',
        commit: oid('b'),
        masked: 'key = "****" // gitleaks:allow',
      },
    ],
    ...changes,
  };
}

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
    ...changes,
  };
}

/** A fresh folder that goes when the test ends. */
export async function tempDir(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bb-supervise-'));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  return folder;
}
