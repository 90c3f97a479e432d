import { join } from 'node:path';

/** Lines of sshd_config(5) without the port. */
export function sshdConfig(options: {
  readonly folder: string;
  readonly user: string;
  readonly acceptProtocol: boolean;
  readonly rsa: boolean;
  readonly everyKeyExchange: boolean;
}): readonly string[] {
  const at = (name: string): string => join(options.folder, name);
  return [
    'ListenAddress 127.0.0.1',
    'PidFile none',
    'LogLevel VERBOSE',
    `HostKey ${at('host_ed25519')}`,
    ...(options.rsa ? [`HostKey ${at('host_rsa')}`] : []),
    `AuthorizedKeysFile ${at('authorized_keys')}`,
    `AllowUsers ${options.user}`,
    `ForceCommand ${at('command')}`,
    // the account's shell runs the command: away from the operator's start-up files, which may do anything and take long
    `SetEnv HOME=${at('home')}`,
    'PermitRootLogin prohibit-password',
    'StrictModes no',
    'UsePAM no',
    'PubkeyAuthentication yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PrintMotd no',
    'UseDNS no',
    'MaxStartups 200',
    'LoginGraceTime 30',
    // the default of newer programs, with sntrup761, takes a client seven times the processor time
    ...(options.everyKeyExchange ? [] : ['KexAlgorithms curve25519-sha256']),
    ...(options.acceptProtocol ? ['AcceptEnv GIT_PROTOCOL'] : []),
  ];
}

/** What runs for every session: notes the command, then runs it without the operator's git configuration. */
export function wrapper(folder: string): string {
  return `#!/bin/sh
printf '%s %s\\n' "$GIT_PROTOCOL" "$SSH_ORIGINAL_COMMAND" >> '${folder}/commands'
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
case "$SSH_ORIGINAL_COMMAND" in
  git-receive-pack\\ *) [ ! -x '${folder}/before-receive' ] || '${folder}/before-receive' ;;
esac
case "$SSH_ORIGINAL_COMMAND" in
  git-upload-pack\\ *|git-receive-pack\\ *) exec /bin/sh -c "$SSH_ORIGINAL_COMMAND" ;;
esac
echo 'only git is served here' >&2
exit 1
`;
}
