import { PassThrough } from 'node:stream';
import { SidecarChannel } from '@bot-bottle/sidecar-protocol';
import type { LauncherChannel } from '@bot-bottle/sidecar-protocol';
import type { LogRecord } from '@bot-bottle/sidecar-protocol/program';
import type { SuperviseConfigInput } from '@bot-bottle/supervise';
import { onTestFinished } from 'vitest';
import { ChannelBackend } from '../../src/backend/channel-backend.ts';
import { createSuperviseServer } from '../../src/index.ts';
import type { SuperviseServer } from '../../src/index.ts';
import { bottle, startOwner } from './owner.ts';
import type { Owner } from './owner.ts';

export interface Running {
  readonly owner: Owner;
  readonly server: SuperviseServer;
  readonly launcher: LauncherChannel;
  readonly address: string;
  /** of an address of TCP */
  readonly port: number;
  readonly url: URL;
  readonly logged: LogRecord[];
}

export interface ServerChanges {
  readonly config?: Partial<SuperviseConfigInput>;
  readonly token?: string;
  /** an owner that is there already: the sidecar is started anew */
  readonly owner?: Owner;
  readonly sliceMs?: number;
}

/** A server in this process at the two ends of a real control channel, with a real desk behind it. */
export async function startServer(changes: ServerChanges = {}): Promise<Running> {
  const owner = changes.owner ?? (await startOwner());
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const launcher = owner.connect(stdin, stdout);
  const channel = new SidecarChannel({ input: stdin, output: stdout });
  const logged: LogRecord[] = [];
  const { sliceMs } = changes;
  const server = createSuperviseServer({
    config: { bottle, listen: '127.0.0.1:0', response_timeout_seconds: 0.2, ...changes.config },
    secrets: changes.token === undefined ? {} : { SUPERVISE_ACCESS_TOKEN: changes.token },
    backend: ({ limits }) =>
      new ChannelBackend({
        channel,
        queryMs: limits.query_ms,
        ...(sliceMs === undefined ? {} : { sliceMs }),
      }),
    audit: (event) => channel.audit(event),
    log: (record) => logged.push(record),
  });
  const [address = ''] = await server.listen();
  onTestFinished(async () => {
    await server.close();
    launcher.close();
  });
  const port = Number(address.split(':').at(-1));
  return { owner, server, launcher, address, port, url: new URL(`http://${address}/mcp`), logged };
}
