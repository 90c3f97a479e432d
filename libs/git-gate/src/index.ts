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
export { GitGateError } from './errors.ts';
export type { GitGateErrorCode } from './errors.ts';
export { gateOrigin, gateUrl, gitVariables } from './git-config/git-variables.ts';
export { renderGitConfig } from './git-config/render-git-config.ts';
export type { GitVariable } from './git-config/render-git-config.ts';
export { branchMatcher } from './globs/branch-matcher.ts';
export { defaultProtectedPaths } from './globs/default-protected-paths.ts';
export { pathMatcher } from './globs/path-matcher.ts';
export { decidePush } from './policy/decide-push.ts';
export type { DecideOptions } from './policy/decide-push.ts';
export { pushChecks } from './policy/push-checks.ts';
export type { Concern, PushCheck } from './policy/check.ts';
export { renderDecision } from './policy/render-decision.ts';
export { gateRepos } from './upstream/gate-repos.ts';
export { knownHostsLine } from './upstream/known-hosts-line.ts';
export { policyLabel } from './upstream/policy-label.ts';
export { upstreamLabel } from './upstream/upstream-address.ts';
export { targetOf, revokeDeployKey } from './deploy-keys/revoke-deploy-key.ts';
export {
  DEPLOY_KEY_LIFETIME_MS,
  provisionDeployKey,
  type ProvisionDeployKeyOptions,
  type ProvisionedDeployKey,
} from './deploy-keys/provision-deploy-key.ts';
export { type DeployKeyRecord, deployKeyRecordSchema } from './deploy-keys/deploy-key-record.ts';
export { DEPLOY_KEYS_FILE, DeployKeyRecords } from './deploy-keys/deploy-key-records.ts';
export { DeployKeyError, type DeployKeyErrorCode } from './deploy-keys/error.ts';
export { fingerprintOf } from './deploy-keys/fingerprint.ts';
export {
  forgeClient,
  type ForgeClient,
  type ForgeClientOptions,
  type KeyIdentity,
} from './deploy-keys/forge-client.ts';
export { keysUrl, type ForgeTarget } from './deploy-keys/forge-target.ts';
export type { NewDeployKey } from './deploy-keys/forges.ts';
