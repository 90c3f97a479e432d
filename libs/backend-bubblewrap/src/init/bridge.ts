import { connect, createServer, type Socket } from 'node:net';

export interface BridgePort {
  readonly port: number;
  /** unix socket of the sidecar */
  readonly path: string;
}

const RETRY_MS = 20;
/** A sidecar may start beside the agent, on a machine that is busy. */
const PATIENCE_MS = 5000;
// not there yet, not listening yet, not yet handed to this user
const transient = new Set(['ENOENT', 'ECONNREFUSED', 'EACCES']);

/** Carries bytes between a loopback port and a sidecar's socket, each direction closing on its own. */
export function listenBridge(bridge: BridgePort): Promise<void> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (agent) =>
    join(agent, bridge.path, Date.now() + PATIENCE_MS),
  );
  server.on('error', () => process.exit(71));
  return new Promise((resolve) => server.listen(bridge.port, '127.0.0.1', 4096, resolve));
}

function join(agent: Socket, path: string, deadline: number): void {
  agent.on('error', () => {});
  attempt();

  function attempt(): void {
    const sidecar = connect({ path, allowHalfOpen: true });
    const abandon = () => sidecar.destroy();
    let connected = false;
    agent.once('close', abandon);
    sidecar.once('connect', () => {
      connected = true;
      agent.pipe(sidecar);
      sidecar.pipe(agent);
      sidecar.once('close', () => reset(agent));
    });
    sidecar.on('error', (error: NodeJS.ErrnoException) => {
      if (connected || agent.destroyed) return;
      agent.off('close', abandon);
      if (transient.has(error.code ?? '') && Date.now() < deadline) setTimeout(attempt, RETRY_MS);
      else reset(agent);
    });
  }
}

// after a clean end of both directions this is a no-op
function reset(socket: Socket): void {
  if (!socket.destroyed && !socket.writableFinished) socket.resetAndDestroy();
}
