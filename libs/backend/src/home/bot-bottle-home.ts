import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The folder of bottles, agents, settings and state: `BOT_BOTTLE_HOME`, else `~/.bot-bottle`. */
export function botBottleHome(env: Readonly<Record<string, string | undefined>>): string {
  const set = env['BOT_BOTTLE_HOME'];
  return set === undefined || set === '' ? join(homedir(), '.bot-bottle') : resolve(set);
}
