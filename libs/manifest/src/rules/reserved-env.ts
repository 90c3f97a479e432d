/** Variables that steer traffic, trust or our own processes in the guest; compared in upper case. */
const names: ReadonlySet<string> = new Set([
  // proxy
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'FTP_PROXY',
  'WS_PROXY',
  'WSS_PROXY',
  'NO_PROXY',
  'NODE_USE_ENV_PROXY',
  'GLOBAL_AGENT_HTTP_PROXY',
  'GLOBAL_AGENT_HTTPS_PROXY',
  'GLOBAL_AGENT_NO_PROXY',
  'NPM_CONFIG_PROXY',
  'NPM_CONFIG_HTTP_PROXY',
  'NPM_CONFIG_HTTPS_PROXY',
  'NPM_CONFIG_NOPROXY',
  'YARN_HTTP_PROXY',
  'YARN_HTTPS_PROXY',
  'PIP_PROXY',
  'CARGO_HTTP_PROXY',
  // certificate authorities
  'NODE_EXTRA_CA_CERTS',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'NODE_USE_SYSTEM_CA',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'GIT_SSL_NO_VERIFY',
  'GIT_PROXY_SSL_CAINFO',
  'DENO_CERT',
  'PIP_CERT',
  'CARGO_HTTP_CAINFO',
  'AWS_CA_BUNDLE',
  'NPM_CONFIG_CA',
  'NPM_CONFIG_CAFILE',
  'CODEX_CA_CERTIFICATE',
  // ours
  'MCP_SUPERVISE_URL',
  'HOME',
]);

/** LD_ and DYLD_: they would be loaded into our own programs in the guest. GIT_CONFIG_: overrides the gate's rewrite. */
const prefixes = ['BOT_BOTTLE_', 'EGRESS_', 'GIT_GATE_', 'SUPERVISE_', 'LD_', 'DYLD_', 'GIT_CONFIG_'];

/**
 * Whether a bottle may not set this variable: it would shadow the proxy, CA or token-slot variables, or be loaded
 * into our own programs in the guest. Case does not matter: several programs read the proxy names in any case.
 */
export function isReservedEnvName(name: string): boolean {
  const upper = name.toUpperCase();
  return names.has(upper) || prefixes.some((prefix) => upper.startsWith(prefix));
}
