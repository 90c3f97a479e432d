/**
 * The attacker's hand in a bottle: takes one step a line (JSON), makes it, and answers with one line. It runs as the
 * agent does, so what a step may do is what any agent may do.
 */
import { spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { connect as connectTls } from 'node:tls';
import type { RawStep, Step } from '../step.ts';

const MAX_OUTPUT = 512 * 1024;

async function shell(script: string, limitMs: number): Promise<string> {
  const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let text = '';
  const take = (chunk: Buffer): void => {
    if (text.length < MAX_OUTPUT) text += chunk.toString('latin1');
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const kill = (): void => {
    text += '[time limit]';
    // Its whole group: what it started in the background holds the pipes open.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  const timer = setTimeout(kill, limitMs);
  const code = await new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (exit, signal) => resolve(exit ?? signal ?? 'unknown'));
  });
  clearTimeout(timer);
  return `${text}[exit ${code}]`;
}

/** The parts of a message that were read so far: enough when the announced length is there. */
function isComplete(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /^content-length: *(\d+)/im.exec(text.slice(0, end))?.[1];
  return length !== undefined && text.length >= end + 4 + Number(length);
}

/** Everything that comes until the other side ends, the message is complete, or the time is over. */
function answerOf(socket: Socket, limitMs: number, enough: (text: string) => boolean): Promise<string> {
  let text = '';
  const { promise, resolve } = Promise.withResolvers<string>();
  const end = (mark: string) => (): void => {
    clearTimeout(timer);
    resolve(text + mark);
  };
  const timer = setTimeout(end('[no more]'), limitMs);
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    if (enough(text) || text.length > MAX_OUTPUT) end('')();
  });
  socket.once('close', end('[closed]'));
  socket.once('error', (error: NodeJS.ErrnoException) => end(`[${error.code ?? error.message}]`)());
  return promise;
}

async function raw(step: RawStep, limitMs: number): Promise<string> {
  const proxy = connect({ host: step.via?.[0] ?? 'egress', port: step.via?.[1] ?? 9099 });
  proxy.on('error', () => {});
  let socket: Socket = proxy;
  let tunnel = '';
  if (step.connect !== undefined) {
    proxy.write(`CONNECT ${step.connect} HTTP/1.1\r\nHost: ${step.connect}\r\n\r\n`);
    tunnel = await answerOf(proxy, limitMs, (text) => text.includes('\r\n\r\n'));
    proxy.removeAllListeners('data');
    if (!/^HTTP\/1.1 200 /.test(tunnel)) {
      proxy.destroy();
      return tunnel;
    }
  }
  if (step.sni !== undefined) {
    socket = connectTls({
      socket: proxy,
      servername: step.sni,
      rejectUnauthorized: false,
      ...(step.alpn === undefined ? {} : { ALPNProtocols: [...step.alpn] }),
    });
  }
  const answered = answerOf(socket, limitMs, isComplete);
  socket.write(Buffer.from(step.send, 'latin1'));
  const text = await answered;
  socket.destroy();
  proxy.destroy();
  return text;
}

async function run(step: Step): Promise<string> {
  const limitMs = step.limitMs ?? 30_000;
  return 'sh' in step ? await shell(step.sh, limitMs) : await raw(step.raw, Math.min(limitMs, 15_000));
}

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const out = await run(JSON.parse(line) as Step).catch((error: unknown) => `[failed: ${String(error)}]`);
  process.stdout.write(`${JSON.stringify({ out })}\n`);
}
process.exit(0);
