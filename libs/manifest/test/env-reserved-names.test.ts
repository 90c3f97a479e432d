import { isReservedEnvName } from '@bot-bottle/manifest';
import { describe, expect, it } from 'vitest';

describe('reserved env names', () => {
  it.each([
    'HTTPS_PROXY',
    'https_proxy',
    'Http_Proxy',
    'ALL_PROXY',
    'no_proxy',
    'NODE_USE_ENV_PROXY',
    'npm_config_https_proxy',
    'NODE_EXTRA_CA_CERTS',
    'SSL_CERT_FILE',
    'SSL_CERT_DIR',
    'REQUESTS_CA_BUNDLE',
    'CURL_CA_BUNDLE',
    'GIT_SSL_CAINFO',
    'DENO_CERT',
    'PIP_CERT',
    'CARGO_HTTP_CAINFO',
    'AWS_CA_BUNDLE',
    'NPM_CONFIG_CAFILE',
    'CODEX_CA_CERTIFICATE',
    'MCP_SUPERVISE_URL',
    'BOT_BOTTLE_PROMPT_FILE',
    'EGRESS_TOKEN_0',
    'EGRESS_CANARY',
    'GIT_GATE_X',
    'SUPERVISE_PORT',
    'LD_PRELOAD',
    'LD_AUDIT',
  ])('refuse %s', (name) => {
    expect(isReservedEnvName(name)).toBe(true);
  });

  it.each([
    'PROXY',
    'MY_HTTPS_PROXY',
    'NODE_ENV',
    'NODE_OPTIONS',
    'PATH',
    'LDAP_URL',
    'GITHUB_TOKEN',
    'GIT_AUTHOR_NAME',
    'REGRESS_ME',
  ])('allow %s', (name) => {
    expect(isReservedEnvName(name)).toBe(false);
  });
});
