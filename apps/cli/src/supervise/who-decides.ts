import { userInfo } from 'node:os';

/** The operator as he is known to the system; only for the record. */
export function whoDecides(): string {
  let name: string;
  try {
    name = userInfo().username;
  } catch {
    name = `user ${process.getuid?.() ?? 'unknown'}`;
  }
  return `${name.slice(0, 64)} (process ${process.pid})`;
}
