import { shellQuote } from './shell-quote.ts';

export interface SshFiles {
  /** absolute path of the ssh program */
  readonly ssh: string;
  readonly keyFile: string;
  readonly knownHostsFile: string;
  /** where connections are shared; null: they are not */
  readonly socket: string | null;
}

/** Longest time to reach the upstream and to be greeted by it, in seconds. */
const CONNECT_SECONDS = 10;
/** How long an idle connection is kept for the next command, in seconds. */
const PERSIST_SECONDS = 30;

/** ssh_config(5) options: exactly one key, exactly one host key, nothing else of the machine and nothing asked. */
const options: Readonly<Record<string, string>> = {
  GlobalKnownHostsFile: '/dev/null',
  StrictHostKeyChecking: 'yes',
  UpdateHostKeys: 'no',
  VerifyHostKeyDNS: 'no',
  CheckHostIP: 'no',
  CanonicalizeHostname: 'no',
  IdentitiesOnly: 'yes',
  IdentityAgent: 'none',
  AddKeysToAgent: 'no',
  PreferredAuthentications: 'publickey',
  PasswordAuthentication: 'no',
  KbdInteractiveAuthentication: 'no',
  BatchMode: 'yes',
  ConnectTimeout: String(CONNECT_SECONDS),
  ConnectionAttempts: '1',
  // a shared connection that has died unseen (a laptop that slept) must not hold the next refresh for long
  ServerAliveInterval: '5',
  ServerAliveCountMax: '3',
  ClearAllForwardings: 'yes',
  ForwardAgent: 'no',
  ForwardX11: 'no',
  PermitLocalCommand: 'no',
  ProxyCommand: 'none',
  RequestTTY: 'no',
  LogLevel: 'ERROR',
};

/** Variables with which git reaches an upstream over SSH (git(1), GIT_SSH_COMMAND). */
export function sshVariables(files: SshFiles): Record<string, string> {
  const words = [
    files.ssh,
    '-F',
    '/dev/null',
    '-i',
    files.keyFile,
    '-o',
    `UserKnownHostsFile=${quoted(files.knownHostsFile)}`,
    ...sharing(files.socket).flatMap((option) => ['-o', option]),
    ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
  ];
  return { GIT_SSH_COMMAND: shellQuote(words), GIT_SSH_VARIANT: 'ssh' };
}

const sharing = (socket: string | null): string[] =>
  socket === null
    ? ['ControlMaster=no', 'ControlPath=none']
    : ['ControlMaster=auto', `ControlPath=${quoted(socket)}`, `ControlPersist=${PERSIST_SECONDS}`];

/** ssh_config(5): a value with blanks is one word in double quotes. */
const quoted = (path: string): string => `"${path}"`;
