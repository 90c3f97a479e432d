import { lookup } from 'node:dns/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { CheckRequest } from './frames.ts';

const LIMIT_MS = 1500;

/** Looks from inside for anything but the sidecars that answers. Returns what was found: nothing is good. */
export async function lookForWaysOut(request: CheckRequest): Promise<string[]> {
  const attempts = [
    ...request.addresses.map(async ({ host, port }) =>
      (await answers({ host, port })) ? `${host}:${port} answers` : null,
    ),
    ...request.abstract.map(async (name) =>
      (await answers({ path: `\0${name}` })) ? "the host's abstract sockets can be reached" : null,
    ),
    ...request.names.map(async (name) => ((await resolves(name)) ? `DNS resolves ${name}` : null)),
  ];
  const found = await Promise.all(attempts);
  return [
    ...interfaces(),
    ...routes(),
    ...listeners(request.ports),
    ...found.filter((problem) => problem !== null),
  ];
}

function answers(target: { host: string; port: number } | { path: string }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(target);
    const settle = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(LIMIT_MS, () => settle(false));
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

function resolves(name: string): Promise<boolean> {
  return Promise.race([
    lookup(name).then(
      () => true,
      () => false,
    ),
    new Promise<boolean>((resolve) => setTimeout(resolve, LIMIT_MS, false).unref()),
  ]);
}

function interfaces(): string[] {
  const names = readdirSync('/proc/self/net').includes('dev') ? lines('/proc/self/net/dev').slice(2) : [];
  return names
    .map((line) => line.split(':')[0]?.trim() ?? '')
    .filter((name) => name !== 'lo')
    .map((name) => `there is a network interface ${name}`);
}

function routes(): string[] {
  const v4 = lines('/proc/self/net/route').slice(1);
  const v6 = lines('/proc/self/net/ipv6_route').filter((line) => line.trim().split(/\s+/).at(-1) !== 'lo');
  return v4.length + v6.length === 0 ? [] : ['there is a route'];
}

function listeners(expected: readonly number[]): string[] {
  const open = [...lines('/proc/self/net/tcp').slice(1), ...lines('/proc/self/net/tcp6').slice(1)]
    .map((line) => line.trim().split(/\s+/))
    // state 0A is LISTEN (include/net/tcp_states.h)
    .filter((fields) => fields[3] === '0A')
    .map((fields) => Number.parseInt(fields[1]?.split(':')[1] ?? '', 16));
  return open.filter((port) => !expected.includes(port)).map((port) => `port ${port} is open`);
}

function lines(path: string): string[] {
  try {
    return readFileSync(path, 'latin1')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}
