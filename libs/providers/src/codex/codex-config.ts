import { stringify } from 'smol-toml';
import type { ProviderContext } from '../contracts.ts';
import { superviseWaitMs } from '../supervise-wait.ts';

/**
 * Text of `~/.codex/config.toml`: no calls but those of the conversation, home and workspace trusted, and the system
 * prompt as a developer message (keys as tried with 0.169, which accepts them with `--strict-config`).
 */
export function codexConfig(
  context: Pick<ProviderContext, 'bottle' | 'guestHome' | 'workdir' | 'prompt'>,
): string {
  return stringify({
    ...(context.prompt === '' ? {} : { developer_instructions: context.prompt }),
    check_for_update_on_startup: false,
    // By default the first turn goes out a second after the start, without the tools that are not there by then.
    ...(context.bottle.supervise ? { mcp_optional_startup_grace_ms: superviseWaitMs } : {}),
    cli_auth_credentials_store: 'file',
    analytics: { enabled: false },
    features: {
      apps: false,
      plugins: false,
      remote_plugin: false,
      // It would copy itself into the home, and needs sockets that a bottle may not have.
      daemon_auto_start: false,
      // A secret can be overwritten in a body that is not compressed; in one that is, the request is refused.
      enable_request_compression: false,
    },
    projects: Object.fromEntries(
      [context.guestHome, context.workdir].map((path) => [path, { trust_level: 'trusted' }]),
    ),
  });
}
