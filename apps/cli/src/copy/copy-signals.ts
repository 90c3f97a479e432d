import { CliError } from '../cli-error.ts';
import { watchSignals } from '../launch/watch-signals.ts';

/**
 * Runs something that stops when this process is told to end, and cleans up first.
 *
 * @throws CliError `interrupted`
 */
export async function untilSignal<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signals = watchSignals();
  try {
    return await run(signals.signal);
  } catch (error) {
    if (signals.exitCode === null) throw error;
    throw new CliError('interrupted', 'interrupted', { exitCode: signals.exitCode });
  } finally {
    signals.close();
  }
}
