/** Front matter of a bottle that may reach one authenticated API on loopback. */
export function apiBottle(port: number, extra = ''): string {
  return [
    'agent_provider: { template: command, command: [bash] }',
    'supervise: false',
    'egress:',
    '  routes:',
    '    - host: api.e2e.test',
    `      ports: [${port}]`,
    '      methods: [GET, POST]',
    '      path_allowlist: [/v1]',
    '      auth: { scheme: Bearer, token_ref: E2E_TOKEN }',
    '      pipelock: { ssrf_ip_allowlist: [127.0.0.1/32] }',
    extra,
  ].join('\n');
}

/** settings.yml that trusts the test's CA and resolves the test's names. */
export function apiSettings(caFile: string): string {
  return ['backend: bubblewrap', `extra_ca_file: ${caFile}`, 'hosts:', '  api.e2e.test: 127.0.0.1', ''].join(
    '\n',
  );
}
