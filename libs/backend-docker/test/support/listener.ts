import { connect } from 'node:net';
import type { TestEngine } from './engine.ts';

/** A container that is none of ours and listens, as others on an engine do. */
export interface Listener {
  readonly address: string;
  readonly port: number;
  answersHost(): Promise<boolean>;
  remove(): Promise<void>;
}

const program = (port: number): string =>
  `require('node:net').createServer((s) => s.on('error', () => {}).end('hello')).listen(${port}, () => console.log('up'))`;

/** @param network name or id, default the engine's own bridge */
export async function startListener(
  { docker, baseImage }: TestEngine,
  { network = 'bridge', port = 7070 }: { readonly network?: string; readonly port?: number } = {},
): Promise<Listener> {
  const container = await docker.createContainer({
    Image: baseImage,
    Cmd: ['node', '-e', program(port)],
    Labels: { 'bot-bottle-test': 'listener' },
    HostConfig: { NetworkMode: network, AutoRemove: false },
  });
  const remove = async (): Promise<void> => {
    await container.remove({ force: true, v: true });
  };
  try {
    const output = await container.attach({ stream: true, stdout: true });
    const up = new Promise((resolve) => output.once('data', resolve));
    await container.start();
    await up;
    const { NetworkSettings } = await container.inspect();
    const address = Object.values(NetworkSettings.Networks)[0]?.IPAddress ?? '';
    return { address, port, remove, answersHost: () => answers(address, port) };
  } catch (error) {
    await remove();
    throw error;
  }
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 3000 });
    const settle = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
    socket.once('timeout', () => settle(false));
  });
}
