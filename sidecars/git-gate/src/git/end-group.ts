import { setTimeout as delay } from 'node:timers/promises';

/** How long a group may take to clean up (git removes its temporary packs), in ms. */
const GRACE_MS = 2000;
const POLL_MS = 20;

/** Ends a process group that this process made: SIGTERM, then SIGKILL for what is left after the grace time. */
export async function endGroup(pid: number): Promise<void> {
  if (!signalGroup(pid, 'SIGTERM')) return;
  for (let waited = 0; waited < GRACE_MS; waited += POLL_MS) {
    await delay(POLL_MS);
    if (!signalGroup(pid, 0)) return;
  }
  signalGroup(pid, 'SIGKILL');
}

/** Whether the group was there. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}
