import { spawn } from 'node:child_process';
import { Agent } from 'node:http';
import { Duplex } from 'node:stream';
import { visibleLine } from '@bot-bottle/audit';
import type { EngineAddress } from './engine-address.ts';

/**
 * Connections to an engine over SSH, each through the operator's own ssh, as the docker command makes them: it checks
 * the host's key against known_hosts and reads the operator's configuration, which a library does not.
 */
export function sshAgent(address: Extract<EngineAddress, { kind: 'ssh' }>, program = 'ssh'): Agent {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 4 });
  agent.createConnection = () => dial(address, program);
  return agent;
}

function dial({ host, port, username }: Parameters<typeof sshAgent>[0], program: string): Duplex {
  // A question that nobody sees must not hold up a launch; an unknown key is refused.
  const options = ['BatchMode=yes', 'StrictHostKeyChecking=yes', 'ConnectTimeout=15'];
  const args = [
    ...options.flatMap((option) => ['-o', option]),
    '-T',
    ...(port === 22 ? [] : ['-p', String(port)]),
    ...(username === null ? [] : ['-l', username]),
    '--',
    host,
    'docker',
    'system',
    'dial-stdio',
  ];
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-1000)));
  const socket = new ProcessSocket({
    read: () => child.stdout.resume(),
    write: (chunk: Buffer, _encoding, done) => void child.stdin.write(chunk, () => done()),
    final: (done) => {
      child.stdin.end();
      done();
    },
    destroy: (error, done) => {
      child.kill();
      done(error);
    },
  });
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', (chunk: Buffer) => {
    if (!socket.push(chunk)) child.stdout.pause();
  });
  child.once('error', (cause) => socket.destroy(new Error(`ssh cannot be run: ${cause.message}`, { cause })));
  // Only then it is known why there is no more.
  child.once('close', (code) => {
    if (code === 0 || code === null) socket.push(null);
    else socket.destroy(new Error(`ssh to ${host} ended with ${code}: ${visibleLine(said.trim(), 300)}`));
  });
  return socket;
}

/** What a client of HTTP expects of a socket besides being a stream. */
class ProcessSocket extends Duplex {
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}
