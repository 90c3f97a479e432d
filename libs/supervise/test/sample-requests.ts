import type { ProposalRequest } from '../src/index.ts';

export type PushRequest = Extract<ProposalRequest, { kind: 'push-approval' }>;
export type FindingRequest = Extract<ProposalRequest, { kind: 'gitleaks-allow' }>;
export type EgressRequest = Extract<ProposalRequest, { kind: 'egress-block' }>;
export type HoldRequest = Extract<ProposalRequest, { kind: 'dlp-hold' }>;
export type CapabilityRequest = Extract<ProposalRequest, { kind: 'capability-block' }>;

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

export function egressRequest(changes: Partial<EgressRequest> = {}): EgressRequest {
  return {
    kind: 'egress-block',
    host: 'registry.example.com',
    ports: [443],
    path_allowlist: [],
    methods: ['GET'],
    minutes: 30,
    justification: 'to install what the tests need',
    ...changes,
  };
}

export function holdRequest(changes: Partial<HoldRequest> = {}): HoldRequest {
  return {
    kind: 'dlp-hold',
    scheme: 'https',
    method: 'POST',
    host: 'api.example.com',
    target: '/v1/upload',
    route: 'manifest:api.example.com',
    findings: [
      {
        detector: 'token_patterns',
        rule: 'github-pat',
        severity: 'high',
        surface: 'body',
        masked: 'token=****',
        sha256: 'ab'.repeat(32),
      },
    ],
    more_findings: 0,
    ...changes,
  };
}

export function capabilityRequest(changes: Partial<CapabilityRequest> = {}): CapabilityRequest {
  return {
    kind: 'capability-block',
    dockerfile: 'FROM agent\nRUN printf tool > /usr/local/bin/tool\n',
    current: 'FROM agent\n',
    justification: 'the tests need the tool',
    ...changes,
  };
}
