import type { GitGateConfigInput } from '@bot-bottle/git-gate';
import { ProtocolRefusal, SidecarChannel } from '@bot-bottle/sidecar-protocol';
import { controlOutput, flushed, stopSignal } from '@bot-bottle/sidecar-protocol/program';
import type { LogRecord } from '@bot-bottle/sidecar-protocol/program';
import { GitGateServerError } from '../errors.ts';
import { createGitGateServer } from '../git-gate-server.ts';
import type { GitGateServer } from '../git-gate-server.ts';

/** Runs under a launcher: everything comes and goes over stdin and stdout. Resolves with the exit code. */
export async function runLaunched(log: (record: LogRecord) => void): Promise<number> {
  const output = controlOutput();
  const code = await serve(new SidecarChannel({ input: process.stdin, output }), log);
  await flushed(output);
  return code;
}

async function serve(channel: SidecarChannel, log: (record: LogRecord) => void): Promise<number> {
  const stopped = Promise.race([stopSignal(), channel.closed]);
  const configured = await Promise.race([channel.configured.catch(() => null), stopped.then(() => null)]);
  if (configured === null) return 0;
  let server: GitGateServer | null = null;
  try {
    server = createGitGateServer({
      // validated by the server itself
      config: configured.config as GitGateConfigInput,
      secrets: configured.secrets,
      audit: (event) => channel.audit(event),
      propose: (request) => channel.propose(request),
      log,
    });
    const gate = server;
    channel.onDecision((decision) => gate.decide(decision));
    channel.onSecrets(async (secrets) => {
      await gate.setSecrets(secrets).catch((error: unknown) => {
        throw refusal(error);
      });
    });
    channel.ready({ listening: await gate.listen(), digest: null });
  } catch (error) {
    channel.refuse(refusal(error));
    log({ event: 'refused', problems: refusal(error).problems.join('; ') });
    await server?.close();
    return 2;
  }
  await stopped;
  await server.close();
  return 0;
}

/** Only errors that were written to be read are told; any other may quote what it choked on. */
function refusal(error: unknown): ProtocolRefusal {
  return GitGateServerError.isInstance(error)
    ? new ProtocolRefusal(error.message, error.data.problems)
    : new ProtocolRefusal('the git gate could not start');
}
