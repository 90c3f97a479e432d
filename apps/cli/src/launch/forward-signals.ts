import type { BottleProcess } from '@bot-bottle/backend';

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** Passes signals to this process on to a program in a bottle, until the returned function is called. */
export function forwardSignals(target: Pick<BottleProcess, 'kill'>): () => void {
  const pass = (signal: NodeJS.Signals): void => target.kill(signal);
  for (const name of forwarded) process.on(name, pass);
  return () => {
    for (const name of forwarded) process.off(name, pass);
  };
}
