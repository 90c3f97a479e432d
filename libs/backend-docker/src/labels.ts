import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** What a thing on the engine is for; labels say so, names do not count. */
export type Role =
  | 'agent'
  | 'keeper'
  | 'egress'
  | 'git-gate'
  | 'supervise'
  | 'internal-network'
  | 'home'
  | 'scratch';

export const labelNames = {
  slug: 'bot-bottle.slug',
  role: 'bot-bottle.role',
  version: 'bot-bottle.version',
  owner: 'bot-bottle.owner',
  state: 'bot-bottle.state',
} as const;

const layoutVersion = '1';

export interface Ownership {
  readonly identity: string;
  /** state folder on the owner's host: a kept home stays as long as it is there */
  readonly stateDir: string;
}

/** Labels of everything that belongs to one bottle of this process. */
export function labelsOf({ identity, stateDir }: Ownership, role: Role): Record<string, string> {
  return {
    [labelNames.slug]: identity,
    [labelNames.role]: role,
    [labelNames.version]: layoutVersion,
    [labelNames.owner]: JSON.stringify(ownMark()),
    [labelNames.state]: stateDir,
  };
}

const markSchema = z.strictObject({
  /** which machine; empty where it does not say */
  host: z.string().max(100),
  /** which start of the machine */
  boot: z.string().max(100),
  /** user, -1 where there are none */
  uid: z.int(),
  pid: z.int().positive(),
  /** clock ticks after boot, '' where the system does not say */
  start: z.string().max(100),
});
type OwnerMark = z.infer<typeof markSchema>;

/**
 * Whether the process that a label names still runs. Unknown when it is of another host or user, who may use the same
 * engine, or cannot be read.
 */
export function ownerState(label: string | undefined): 'alive' | 'dead' | 'unknown' {
  const mark = parseMark(label ?? '');
  if (mark === null || mark.host !== hostMark()) return 'unknown';
  // Processes of other users may be hidden (proc(5), hidepid).
  if (mark.uid !== ownUid() && ownUid() !== 0) return 'unknown';
  const start = startOf(mark.pid);
  if (mark.boot !== bootMark() || start === null) return 'dead';
  return start === mark.start ? 'alive' : 'dead';
}

function parseMark(text: string): OwnerMark | null {
  try {
    return markSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

const ownMark = (): OwnerMark => ({
  host: hostMark(),
  boot: bootMark(),
  uid: ownUid(),
  pid: process.pid,
  start: startOf(process.pid) ?? '',
});

/** Hashed, so that an engine of somebody else learns nothing. */
function hostMark(): string {
  const machine = readOr('/etc/machine-id', '');
  return createHash('sha256').update(`${machine}\0${hostname()}`).digest('hex').slice(0, 16);
}

const ownUid = (): number => process.getuid?.() ?? -1;
const bootMark = (): string => readOr('/proc/sys/kernel/random/boot_id', '');

/** When a process began, '' where the system does not say, null when there is none. */
function startOf(pid: number): string | null {
  if (process.platform === 'linux') {
    const stat = readOr(`/proc/${pid}/stat`, '');
    // The name may hold anything, parentheses included (proc_pid_stat(5)); start time is the 22nd field.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state = ''] = fields;
    return stat === '' || state === 'Z' || state === 'X' ? null : (fields[19] ?? '');
  }
  try {
    process.kill(pid, 0);
    return '';
  } catch (error) {
    return error instanceof Error && Reflect.get(error, 'code') === 'EPERM' ? '' : null;
  }
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return otherwise;
  }
}
