import { execFileSync } from 'node:child_process';
import { realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';

/**
 * An argument vector that starts what follows it where /etc/resolv.conf names `resolver`, as the user `uid`: a mount
 * namespace of its own, so that nobody else on the machine notices. Root only.
 */
export function withResolver(dir: string, resolver: string, uid: number): readonly string[] {
  const file = path.join(dir, 'resolv.conf');
  writeFileSync(file, `nameserver ${resolver}\noptions timeout:2 attempts:2\n`, { mode: 0o644 });
  const script =
    'mount --bind "$1" "$2" || exit 97; uid="$3"; shift 3; exec setpriv --reuid="$uid" --regid="$uid" --clear-groups "$@"';
  const target = realpathSync('/etc/resolv.conf');
  return [
    'unshare',
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-c',
    script,
    'sh',
    file,
    target,
    String(uid),
  ];
}

/** Makes a container ask `resolver`: its resolv.conf is a file of the engine's host, written in place. Root only. */
export function useResolver(container: string, resolver: string): void {
  const file = docker('inspect', '--format', '{{.ResolvConfPath}}', container);
  writeFileSync(file, `nameserver ${resolver}\noptions timeout:2 attempts:2\n`);
}

/** Runs the docker command; throws when it fails. */
export function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8', timeout: 60_000 }).trim();
}

/** Addresses of a container on all its networks. */
export function addressesOf(container: string): string[] {
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}';
  const found = spawnSync('docker', ['inspect', '--format', format, container], { encoding: 'utf8' });
  return found.stdout.split(/\s+/).filter((address) => address !== '');
}
