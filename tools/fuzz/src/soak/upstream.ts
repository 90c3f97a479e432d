import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createLeafMinter, mintAuthority } from '@bot-bottle/egress';
import { HOST, MUTE_HOST, DEAD_HOST } from './contracts.ts';
import type { UpstreamPorts, UpstreamRequest, UpstreamStats } from './contracts.ts';

export interface Upstream extends UpstreamPorts {
  /** PEM of the CA that signed its certificates */
  readonly ca: string;
  readonly pid: number;
  stats(): Promise<UpstreamStats>;
  stop(): Promise<void>;
}

/** Starts the upstream as a process of its own. */
export async function startUpstream(
  options: Pick<UpstreamRequest, 'canary' | 'authorization'>,
): Promise<Upstream> {
  const authority = await mintAuthority({ bottle: 'upstream', days: 1 });
  const minter = createLeafMinter(authority);
  const certificates: Record<string, { cert: string; key: string }> = {};
  for (const host of [HOST, MUTE_HOST, DEAD_HOST]) {
    const { cert, key } = await minter.leaf(host);
    certificates[host] = { cert, key };
  }
  const file = fileURLToPath(new URL('upstream-program.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@bot-bottle/source', file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async <T>(): Promise<T> => {
    const line = await lines.next();
    if (line.done === true) throw new Error('the upstream program ended');
    return JSON.parse(line.value) as T;
  };
  child.stdin.write(`${JSON.stringify({ ...options, certificates } satisfies UpstreamRequest)}\n`);
  const ports = await next<UpstreamPorts>();
  return {
    ...ports,
    ca: authority.cert,
    pid: child.pid ?? 0,
    stats: () => {
      child.stdin.write('stats\n');
      return next<UpstreamStats>();
    },
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      }),
  };
}
