import { caKeySlot } from '@bot-bottle/pipelock';
import { ProtocolRefusal, SidecarChannel } from '@bot-bottle/sidecar-protocol';
import { controlOutput, flushed, stopSignal } from '@bot-bottle/sidecar-protocol/program';
import type { LogRecord } from '@bot-bottle/sidecar-protocol/program';
import { GuardError } from './errors.ts';
import { startGuard } from './start-guard.ts';
import type { RunningGuard } from './start-guard.ts';

const STDERR = 2;

/** Runs under a launcher, over stdin and stdout. Resolves with the exit code: 1 when pipelock ended by itself. */
export async function runLaunched(log: (record: LogRecord) => void): Promise<number> {
  const output = controlOutput();
  const code = await serve(new SidecarChannel({ input: process.stdin, output }), log);
  await flushed(output);
  return code;
}

async function serve(channel: SidecarChannel, log: (record: LogRecord) => void): Promise<number> {
  const stopped = Promise.race([stopSignal(), channel.closed]).then(() => null);
  const configured = await Promise.race([channel.configured.catch(() => null), stopped]);
  if (configured === null) return 0;
  let guard: RunningGuard;
  try {
    const caKey = configured.secrets[caKeySlot] ?? '';
    guard = await startGuard({ config: configured.config, caKey, log: STDERR });
  } catch (error) {
    channel.refuse(refusal(error));
    log({ event: 'refused', problems: refusal(error).problems.join('; ') });
    return 2;
  }
  channel.ready({ listening: [guard.listen], digest: null });
  log({ event: 'serving', version: guard.version });
  const ended = await Promise.race([stopped, guard.ended]);
  if (ended !== null) {
    // The launcher starts this sandbox anew; until then nothing listens, and egress lets nothing pass.
    log({ event: 'pipelock_ended', code: ended.code, signal: ended.signal });
    return 1;
  }
  await guard.stop();
  return 0;
}

/** Only errors that were written to be read are told; any other may quote what it choked on. */
function refusal(error: unknown): ProtocolRefusal {
  return GuardError.isInstance(error)
    ? new ProtocolRefusal(error.message, error.problems)
    : new ProtocolRefusal('pipelock could not be started');
}
