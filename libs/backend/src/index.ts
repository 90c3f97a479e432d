export {
  backendNames,
  sidecarHome,
  sidecarNames,
  sidecarProgram,
  sidecarScratch,
  type Availability,
  type Backend,
  type BackendName,
  type Bottle,
  type BottleHost,
  type BottleImage,
  type BottleProcess,
  type BottleSpec,
  type Capabilities,
  type ExitStatus,
  type Leftover,
  type OpenOptions,
  guardName,
  type HelperName,
  type SidecarName,
  type SidecarProcess,
  type SidecarSpec,
  type SpawnOptions,
  type TerminalSize,
} from './contracts.ts';
export { canaryFor, type Canary } from './env/canary.ts';
export { caEnvNames, guestEnvironment, type GuestEnvironmentOptions } from './env/guest-environment.ts';
export { guestCaFile, guestHome, guestWorkspace } from './env/guest-paths.ts';
export { BackendError, type BackendErrorCode } from './errors.ts';
export { botBottleHome } from './home/bot-bottle-home.ts';
export { ensureHome } from './home/ensure-home.ts';
export type {
  BottlePlan,
  ForwardedEnv,
  GitGatePlan,
  ProvisionedKeyPlan,
  RunMode,
  WorkspacePlan,
} from './plan/bottle-plan.ts';
export { copyIn, type CopyInOptions, type CopyInResult } from './provision/copy-in.ts';
export { execInBottle, type ExecOptions, type ExecResult } from './provision/exec-in-bottle.ts';
export type { TarEntry } from './tar/tar-entry.ts';
export { writeTar } from './tar/write-tar.ts';
export {
  emptySecrets,
  resolveSecrets,
  type ResolvedSecrets,
  type SecretSources,
} from './secrets/resolve-secrets.ts';
export { readKeyFile } from './secrets/read-key-file.ts';
export { SecretStore } from './secrets/secret-store.ts';
export { isIdentity, newIdentity } from './state/identity.ts';
export { metadataFor, type Metadata } from './state/metadata.ts';
export { removeTree } from './state/remove-tree.ts';
export {
  absentSyscalls,
  allowedPersonalities,
  allowedSocketFamilies,
  deniedIoctls,
  deniedSyscalls,
  type FilteredName,
  namespaceCloneFlags,
} from './isolation/syscall-rules.ts';
export { timed, type OnStep, type Step } from './step.ts';
export type { StateLock } from './state/state-lock.ts';
export { StateStore, type StateEntry } from './state/state-store.ts';
export { provision, type ProvisionOptions, type ProvisionResult } from './provision/provision.ts';
export { deepFreeze } from './plan/deep-freeze.ts';
export { findProgram, pathLookup, type PathLookup } from './plan/find-program.ts';
export { preparePlan, type PlanDeps, type PlanRequest } from './plan/prepare-plan.ts';
export { preflightJson, type Preflight, type PreflightOptions } from './preflight/preflight-model.ts';
export { renderPreflight } from './preflight/render-preflight.ts';
export { loadSettings } from './settings/load-settings.ts';
export { parseSettings } from './settings/parse-settings.ts';
export { settingsSchema, type Settings } from './settings/settings-schema.ts';
export { copyOut, type CopyOutOptions, type CopyOutResult } from './copy-out/copy-out.ts';
export { riskKinds, type HostEntry, type HostRisk, type RiskKind } from './copy-out/risks/host-risk.ts';
export { hostRisks, wantsText } from './copy-out/risks/host-risks.ts';
export { diffWorkspace, type DiffOptions } from './copy-out/workspace-diff/diff-workspace.ts';
export type {
  ChangeStatus,
  IgnoredChanges,
  WorkspaceChange,
  WorkspaceDiff,
} from './copy-out/workspace-diff/workspace-diff.ts';
export { copiedRisks } from './copy-out/risks/copied-risks.ts';
export type { CopiedEntry, SkippedEntry } from './copy-out/copied-entry.ts';
// owner
export { CONTROL_VERSION, statusSchema, type BottleStatus } from './owner/control-messages.ts';
export { ControlClient, type ClientOptions, type ExecOverSocket } from './owner/control-client.ts';
export type { ControlSession } from './owner/control-session.ts';
export {
  enumerateActive,
  type EnumerateOptions,
  type LiveBottle,
  type LiveBottles,
  type SilentBottle,
} from './owner/enumerate-active.ts';
export { describeDeployKey, revokeRecordedKey } from './owner/deploy-keys.ts';
export { OwnerError, ownerErrorCodes, type OwnerErrorCode } from './owner/errors.ts';
export { helpersOf } from './owner/bottle-sidecars.ts';
export { launchBottle, type LaunchOptions } from './owner/launch-bottle.ts';
export type { LaunchedBottle } from './owner/launched-bottle.ts';
export type { MainProcess } from './owner/main-process.ts';
export type { RoutesView } from './owner/live-routes.ts';
export { relayProcess, type MainStdio } from './owner/relay-main.ts';
export {
  checkPrivate,
  controlDir,
  controlSocketPath,
  ensureControlDir,
  runtimeDir,
} from './owner/runtime-dir.ts';
export { shellExitCode } from './owner/spawn-failure.ts';
