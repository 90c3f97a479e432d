import { ProtocolRefusal, SidecarChannel } from '@bot-bottle/sidecar-protocol';
import { controlOutput, flushed, stopSignal } from '@bot-bottle/sidecar-protocol/program';
import type { LogRecord } from '@bot-bottle/sidecar-protocol/program';
import type { SuperviseConfigInput } from '@bot-bottle/supervise';
import { ChannelBackend } from '../backend/channel-backend.ts';
import { SuperviseServerError } from '../errors.ts';
import { createSuperviseServer } from '../supervise-server.ts';
import type { SuperviseServer } from '../supervise-server.ts';

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
  let server: SuperviseServer | null = null;
  try {
    server = createSuperviseServer({
      // validated by the server itself
      config: configured.config as SuperviseConfigInput,
      secrets: configured.secrets,
      backend: ({ limits }) => new ChannelBackend({ channel, queryMs: limits.query_ms }),
      audit: (event) => channel.audit(event),
      log,
    });
    const supervise = server;
    channel.onSecrets((secrets) => {
      try {
        supervise.setSecrets(secrets);
      } catch (error) {
        throw refusal(error);
      }
    });
    channel.ready({ listening: await supervise.listen(), digest: null });
  } catch (error) {
    channel.refuse(refusal(error));
    log({ event: 'refused', problems: refusal(error).problems.join('; ') });
    return 2;
  }
  await stopped;
  await server.close();
  return 0;
}

/** Only errors that were written to be read are told; any other may quote what it choked on. */
function refusal(error: unknown): ProtocolRefusal {
  return SuperviseServerError.isInstance(error)
    ? new ProtocolRefusal(error.message, error.data.problems)
    : new ProtocolRefusal('the supervise server could not start');
}
