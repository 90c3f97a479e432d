/** One line of known_hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export function knownHostsLine(repo: {
  readonly host: string;
  readonly port: number;
  readonly hostKey: string;
}): string {
  const host = repo.host.replaceAll(/[[\]]/g, '');
  return `${repo.port === 22 ? host : `[${host}]:${repo.port}`} ${repo.hostKey}`;
}
