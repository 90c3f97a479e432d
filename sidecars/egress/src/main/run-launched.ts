import { EgressError } from '@bot-bottle/egress';
import type { EgressConfigInput } from '@bot-bottle/egress';
import { ProtocolRefusal, SidecarChannel } from '@bot-bottle/sidecar-protocol';
import { controlOutput, flushed, stopSignal } from '@bot-bottle/sidecar-protocol/program';
import type { LogRecord } from '@bot-bottle/sidecar-protocol/program';
import { createEgressServer } from '../egress-server.ts';
import type { EgressServer } from '../egress-server.ts';
import { EgressServerError } from '../errors.ts';

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
  let server: EgressServer;
  try {
    server = createEgressServer({
      // validated by the server itself
      config: configured.config as EgressConfigInput,
      secrets: configured.secrets,
      audit: (event) => channel.audit(event),
      propose: (request) => channel.propose(request),
      log,
    });
    channel.ready({ listening: await server.listen(), digest: server.digest });
  } catch (error) {
    channel.refuse(refusal(error));
    log({ event: 'refused', problems: refusal(error).problems.join('; ') });
    return 2;
  }
  channel.onTable((table) => {
    try {
      return server.setTable(table);
    } catch (error) {
      throw refusal(error);
    }
  });
  channel.onDecision((decision) => server.decide(decision));
  channel.onSecrets((secrets) => server.setSecrets(secrets));
  await stopped;
  await server.close();
  return 0;
}

/** Only errors that were written to be read are told; any other may quote what it choked on. */
function refusal(error: unknown): ProtocolRefusal {
  if (EgressServerError.isInstance(error)) return new ProtocolRefusal(error.message, error.data.problems);
  if (EgressError.isInstance(error)) return new ProtocolRefusal(error.message, error.problems);
  return new ProtocolRefusal('the egress sidecar could not start');
}
