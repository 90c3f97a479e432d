export { gateRepoSchema, gateSlots, gitGateConfigSchema, pushPolicySchema, repoName } from './config.ts';
export type { GateRepo, GitGateConfig, GitGateConfigInput } from './config.ts';
export { checkNames } from './contracts.ts';
export type {
  CheckName,
  CheckRecord,
  PushDecision,
  PushedRef,
  PushFacts,
  PushPolicy,
  ScanFinding,
  TouchedPath,
} from './contracts.ts';
