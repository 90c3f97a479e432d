export type {
  AgentProviderManifest,
  BottleManifest,
  DeployKeyForge,
  EffectiveAgent,
  EgressManifest,
  EnvValue,
  GitRepoManifest,
  GrantManifest,
  Provenance,
  PushPolicyManifest,
  ResourcesManifest,
  RouteAuthManifest,
  RouteDlpManifest,
  RouteManifest,
} from './contracts.ts';
export { composeBottle } from './compose/compose-bottle.ts';
export type { BottleLookup, DeclaredAgent, DeclaredBottle } from './compose/declared.ts';
export { type AgentOrigin, effectiveAgent } from './compose/effective-agent.ts';
export {
  ManifestError,
  type ManifestErrorCode,
  manifestErrorCodes,
  type ManifestErrorInit,
  ManifestErrors,
  renderManifestError,
} from './errors.ts';
export { addRoute, type AddedRoute } from './edit/add-route.ts';
export { reachYaml } from './edit/reach-yaml.ts';
export type { Reach } from './edit/widened-route.ts';
export { type Manifest, manifestFromObject } from './manifest-from-object.ts';
export { parseAgent } from './parse-agent.ts';
export { parseBottle } from './parse-bottle.ts';
export { parseGrant, type GrantLimits } from './parse-grant.ts';
export { parseRouteEdit, type RouteEdit, type RouteEditLimits } from './parse-route-edit.ts';
export { routeKeys } from './normalize/route-keys.ts';
export { renderYaml } from './text/render-yaml.ts';
export { isAddressCovered } from './rules/address.ts';
export { splitEnv, type SplitEnv } from './rules/split-env.ts';
export { normalizeHost } from './rules/host.ts';
export { allowableMethods, normalizeMethod } from './rules/method.ts';
export { type NormalPath, normalizePath, splitTarget } from './rules/normalize-path.ts';
export { isReservedEnvName } from './rules/reserved-env.ts';
export { readSize } from './rules/size.ts';
export { agentSchema } from './schema/agent.ts';
export { type BottleFrontMatter, bottleSchema } from './schema/bottle.ts';
export { claudeSubagentKeys } from './schema/claude-keys.ts';
export { agentJsonSchema, bottleJsonSchema, type JsonSchema } from './schema/json-schema.ts';
export type { ManifestSource, Position } from './source.ts';
export {
  type AgentEntry,
  type BottleEntry,
  type LoadOptions,
  loadManifestIndex,
  type ManifestIndex,
} from './loader/load-manifest-index.ts';
export type { ManifestWarning } from './loader/warnings.ts';
