/** An exact text that is replaced: it must occur once in its file. */
export interface Replacement {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** One control taken out of the source, and the attack whose test must then fail. */
export interface Mutant {
  readonly control: string;
  readonly replacements: readonly Replacement[];
  /**
   * Controls that stand in front of this one and would stop the attack for it: taken out too. Without them alone the test
   * must pass, so that what makes it fail is this control.
   */
  readonly inFront?: readonly Replacement[];
  /** packages that are bundled anew, by folder */
  readonly builds: readonly string[];
  /** subject of the escape suite on which the attack is run */
  readonly subject: 'bubblewrap-user' | 'docker';
  /** id of the attack */
  readonly attack: string;
}

const egress = ['sidecars/egress'] as const;
const cli = ['apps/cli'] as const;

/** The launch would refuse a bottle that is not closed: that is a control of its own, in front of the attack. */
const noSelfCheck = {
  file: 'libs/backend/src/owner/launch-bottle.ts',
  find: '() => host.selfCheck(bottle)',
  replace: 'async () => {}',
};

/** Controls of every layer. What is taken out is small, so that nothing but the control is missing. */
export const mutants: readonly Mutant[] = [
  {
    control: 'egress: the host of a request must match a route',
    replacements: [
      {
        file: 'libs/egress/src/decide/decide.ts',
        find: 'candidateRows(table, to.host, now);',
        replace: "candidateRows(table, to.host, now) ?? candidateRows(table, 'open.e2e.test', now);",
      },
      {
        file: 'libs/egress/src/decide/decide-connect.ts',
        find: 'candidateRows(table, host, now);',
        replace: "candidateRows(table, host, now) ?? candidateRows(table, 'open.e2e.test', now);",
      },
    ],
    builds: egress,
    subject: 'bubblewrap-user',
    attack: 'destination/undeclared-host',
  },
  {
    control: 'egress: SNI, `Host` and CONNECT must agree',
    replacements: [
      {
        file: 'libs/egress/src/decide/decide.ts',
        find: '  if (same) return null;\n',
        replace: '  return null;\n',
      },
    ],
    builds: egress,
    subject: 'bubblewrap-user',
    attack: 'request/misdirected',
  },
  {
    control: 'egress: addresses are checked before they are dialled',
    replacements: [
      {
        file: 'sidecars/egress/src/upstream/routing.ts',
        find: 'addresses.filter((address) => addressAllowed(address, decision.addressAllowlist))',
        replace: 'addresses.filter(() => true)',
      },
    ],
    builds: egress,
    subject: 'bubblewrap-user',
    attack: 'address/private-answers',
  },
  {
    control: 'egress: credentials of the agent are stripped',
    replacements: [
      {
        file: 'libs/egress/src/headers/outgoing-headers.ts',
        find: '    if (field.isCredential && !passing.has(key)) continue;\n',
        replace: '',
      },
    ],
    builds: egress,
    subject: 'bubblewrap-user',
    attack: 'credential/own-account',
  },
  {
    control: 'egress: an echoed credential is overwritten',
    replacements: [
      {
        file: 'sidecars/egress/src/response/relay-response.ts',
        find: 'this.#writer.data(this.#redactor === null ? chunk : this.#redactor.push(chunk))',
        replace: 'this.#writer.data(chunk)',
      },
    ],
    builds: egress,
    subject: 'bubblewrap-user',
    attack: 'credential/echo-body',
  },
  {
    control: 'egress: Content-Length beside Transfer-Encoding is refused',
    replacements: [
      {
        file: 'libs/egress/src/http1/body-framing.ts',
        find: "    if (lengths.length > 0) return refuse('both Content-Length and Transfer-Encoding');\n",
        replace: '',
      },
    ],
    builds: egress,
    subject: 'bubblewrap-user',
    attack: 'request/cl-te',
  },
  {
    control: 'egress: pushes over HTTPS are refused',
    replacements: [
      {
        file: 'libs/egress/src/decide/decide.ts',
        find: "  if (git === 'push') return deny('git_push_over_https');\n",
        replace: '',
      },
    ],
    builds: egress,
    subject: 'bubblewrap-user',
    attack: 'git/push-https',
  },
  {
    control: 'DLP: known secrets are searched',
    replacements: [
      {
        file: 'libs/dlp/src/create-scanner.ts',
        find: "runs('known_secrets') ? options.knownSecrets : []",
        replace: '[]',
      },
    ],
    builds: egress,
    subject: 'bubblewrap-user',
    attack: 'secret/base64',
  },
  {
    control: 'git-gate: every new object is scanned, not the newest commit',
    replacements: [
      {
        file: 'sidecars/git-gate/src/scan/pushed-objects.ts',
        find: "args: ['rev-list', '--objects', '--stdin', '--not', '--all']",
        replace: "args: ['rev-list', '--objects', '--max-count=1', '--stdin', '--not', '--all']",
      },
    ],
    // refuses what was not listed, whatever is in it
    inFront: [
      {
        file: 'sidecars/git-gate/src/scan/create-push-scanner.ts',
        find: 'await countHidden(access, mirrorView, await quarantined, tally.reached)',
        replace: '0',
      },
    ],
    builds: ['sidecars/git-gate'],
    subject: 'bubblewrap-user',
    attack: 'git/intermediate-commit',
  },
  {
    control: 'supervise: open questions are limited',
    replacements: [
      {
        file: 'libs/supervise/src/flood-limit.ts',
        find: 'if (open >= MAX_OPEN) {',
        replace: 'if (open < 0) {',
      },
      {
        file: 'libs/supervise/src/flood-limit.ts',
        find: 'if (this.#taken.length >= MAX_PER_MINUTE) {',
        replace: 'if (open < 0) {',
      },
    ],
    builds: ['apps/cli', 'sidecars/supervise'],
    subject: 'bubblewrap-user',
    attack: 'operator/proposal-flooding',
  },
  {
    control: 'copy-out: links that lead out are left behind',
    replacements: [
      {
        file: 'libs/backend/src/copy-out/unpack.ts',
        find: "return path !== '' && staysInside(path, item.linkTarget)",
        replace: "return path !== ''",
      },
    ],
    builds: cli,
    subject: 'bubblewrap-user',
    attack: 'operator/symlink-copy-out',
  },
  {
    control: 'bubblewrap: system calls are filtered',
    replacements: [
      {
        file: 'libs/backend-bubblewrap/src/bwrap/sandbox-process.ts',
        find: "  if (seccomp !== null) argv.push('--seccomp', '5');\n",
        replace: '',
      },
    ],
    builds: cli,
    subject: 'bubblewrap-user',
    attack: 'host/vsock',
  },
  {
    control: 'docker: the bottle’s network has no address of the host',
    replacements: [
      {
        file: 'libs/backend-docker/src/networks/internal-network.ts',
        find: "      'com.docker.network.bridge.inhibit_ipv4': 'true',\n      'com.docker.network.bridge.gateway_mode_ipv4': 'isolated',\n",
        replace: '',
      },
    ],
    inFront: [noSelfCheck],
    builds: cli,
    subject: 'docker',
    attack: 'network/ipv4',
  },
  {
    control: 'docker: the resolver of the bottle asks nobody',
    replacements: [
      {
        file: 'libs/backend-docker/src/containers/agent-options.ts',
        find: "    Dns: ['127.0.0.1'],\n",
        replace: '',
      },
    ],
    // engines since 26.0 ask nobody for an internal network anyway (CVE-2024-29018)
    inFront: [
      noSelfCheck,
      {
        file: 'libs/backend-docker/src/networks/internal-network.ts',
        find: '    Internal: true,\n',
        replace: '    Internal: false,\n',
      },
      {
        file: 'libs/backend-docker/src/networks/internal-network.ts',
        find: "      'com.docker.network.bridge.inhibit_ipv4': 'true',\n      'com.docker.network.bridge.gateway_mode_ipv4': 'isolated',\n",
        replace: '',
      },
    ],
    builds: cli,
    subject: 'docker',
    attack: 'network/dns-configured',
  },
];
