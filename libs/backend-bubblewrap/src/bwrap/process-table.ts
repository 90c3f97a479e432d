import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  /** clock ticks after boot; with the pid it names one process for ever (proc_pid_stat(5), field 22) */
  readonly startTime: string;
}

/** One process of this host, null when there is none with this number (a zombie counts as none). */
export function processEntry(pid: number): ProcessEntry | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, parent, startTime] = [fields[0], fields[1], fields[19]];
    if (
      state === undefined ||
      state === 'Z' ||
      state === 'X' ||
      parent === undefined ||
      startTime === undefined
    )
      return null;
    return { pid, parent: Number(parent), startTime };
  } catch {
    return null;
  }
}

/** The oldest child of a process, null when it has none. */
export function firstChild(parent: number): number | null {
  const children = allProcesses().filter((entry) => entry.parent === parent);
  const [first] = children.toSorted((a, b) => Number(a.startTime) - Number(b.startTime) || a.pid - b.pid);
  return first?.pid ?? null;
}

function allProcesses(): ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processEntry(Number(name)))
    .filter((entry) => entry !== null);
}

/** The given processes that live, and all that descend from them. */
export function processTree(roots: readonly number[]): number[] {
  const entries = allProcesses();
  const found = new Set(entries.filter(({ pid }) => roots.includes(pid)).map(({ pid }) => pid));
  for (let grown = true; grown;) {
    grown = false;
    for (const { pid, parent } of entries) {
      if (found.has(parent) && !found.has(pid)) {
        found.add(pid);
        grown = true;
      }
    }
  }
  return [...found].toSorted((a, b) => a - b);
}
