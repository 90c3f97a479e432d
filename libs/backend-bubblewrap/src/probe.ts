import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { Availability } from '@bot-bottle/backend';
import { namespaceArgs } from './rootfs/namespace-args.ts';
import { systemArgs } from './rootfs/system-args.ts';
import { seccompProgram } from './seccomp/filter.ts';

const LIMIT_MS = 10_000;
// --disable-userns
const oldest = [0, 8] as const;

export interface ProbeOptions {
  readonly bwrap: string | null;
  /** host user that a bottle would have, null: the caller's */
  readonly user: { readonly uid: number; readonly gid: number } | null;
}

/** Whether bottles can be made here, found out by making one; when not, what to change. */
export async function probeBubblewrap({ bwrap, user }: ProbeOptions): Promise<Availability> {
  if (process.platform !== 'linux') return missing('bubblewrap works on Linux only', 'use another backend');
  if (seccompProgram() === null)
    return missing(
      `there is no seccomp filter for ${process.arch}`,
      'use an x64 or arm64 machine, or another backend',
    );
  if (bwrap === null)
    return missing(
      'bwrap is not installed',
      'install bubblewrap, e.g. `sudo apt install bubblewrap` or `sudo dnf install bubblewrap`',
    );
  if (!existsSync('/usr/bin/prlimit'))
    return missing('/usr/bin/prlimit is not installed', 'install util-linux');
  const args = [
    ...namespaceArgs({ network: false, ids: 1000 }),
    ...systemArgs(),
    '--proc',
    '/proc',
    '--dev',
    '/dev',
  ];
  const [version, trial] = await Promise.all([
    run(bwrap, ['--version'], user),
    run(bwrap, [...args, '--', '/usr/bin/true'], user),
  ]);
  if (!version.ok) return explain(version.output);
  const numbers = /(\d+)\.(\d+)/.exec(version.output);
  const [major, minor] = [Number(numbers?.[1] ?? 0), Number(numbers?.[2] ?? 0)];
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1]))
    return missing(`${version.output || 'bwrap'} is too old`, 'install bubblewrap 0.8.0 or newer');
  return trial.ok ? { available: true, detail: version.output } : explain(trial.output);
}

function explain(output: string): Availability {
  if (setting('/proc/sys/user/max_user_namespaces') === '0')
    return missing(
      'user namespaces are switched off (user.max_user_namespaces is 0)',
      '`sudo sysctl -w user.max_user_namespaces=15000`, and the same line in /etc/sysctl.d/ to keep it',
    );
  if (setting('/proc/sys/kernel/unprivileged_userns_clone') === '0')
    return missing(
      'unprivileged user namespaces are switched off (kernel.unprivileged_userns_clone is 0)',
      '`sudo sysctl -w kernel.unprivileged_userns_clone=1`, and the same line in /etc/sysctl.d/ to keep it',
    );
  if (setting('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1')
    return missing(
      "AppArmor forbids bwrap's user namespaces (kernel.apparmor_restrict_unprivileged_userns is 1)",
      apparmorRemedy,
    );
  return missing(
    `bwrap does not work here: ${output.slice(0, 500) || 'no reason given'}`,
    'try `bwrap --unshare-all --ro-bind / / true`; inside a container, user namespaces and mounts must be allowed',
  );
}

/** Ubuntu's way to let one program make user namespaces: a profile that confines nothing else. */
const apparmorRemedy = [
  "`printf 'abi <abi/4.0>,\\ninclude <tunables/global>\\nprofile bwrap /usr/bin/bwrap flags=(unconfined) {\\n  userns,\\n}\\n'",
  '| sudo tee /etc/apparmor.d/bwrap && sudo apparmor_parser -r /etc/apparmor.d/bwrap`',
].join(' ');

function missing(reason: string, remedy: string): Availability {
  return { available: false, reason, remedy };
}

function setting(path: string): string | null {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return null;
  }
}

function run(
  file: string,
  args: readonly string[],
  user: ProbeOptions['user'],
): Promise<{ ok: boolean; output: string }> {
  const options = {
    timeout: LIMIT_MS,
    env: { PATH: '/usr/bin:/bin' },
    cwd: '/',
    ...(user === null ? {} : user),
  };
  return new Promise((resolve) => {
    try {
      execFile(file, args, options, (error, stdout, stderr) =>
        resolve({ ok: error === null, output: `${stdout}${stderr}`.trim() }),
      );
    } catch (error) {
      // e.g. EINVAL: root of a user namespace that has no other users
      resolve({ ok: false, output: error instanceof Error ? error.message : String(error) });
    }
  });
}
