export type {
  AgentProvider,
  AgentProvisionPlan,
  GuestCommand,
  GuestDir,
  GuestFile,
  HeadlessRun,
  ProviderContext,
  ProviderFileRef,
  ProviderRuntime,
  SecretRef,
} from './contracts.ts';
export { claudeProvider } from './claude/claude-provider.ts';
export { codexProvider } from './codex/codex-provider.ts';
export { commandProvider } from './command/command-provider.ts';
export { jwtClaims, jwtExpiry, type JwtClaims } from './codex/jwt.ts';
export { ProviderError, type ProviderErrorCode } from './errors.ts';
export { builtInProviders, findProvider } from './find-provider.ts';
export { promptPath } from './prompt-path.ts';
export { defineProvider } from './plugins/define-provider.ts';
export type { ProviderDefinition } from './plugins/definition-schema.ts';
export { loadPlugin, type PluginPlace } from './plugins/load-plugin.ts';
