import { readRequest } from './child-program.ts';
import { openWay } from './tunnel-client.ts';
import type { Way } from './tunnel-client.ts';

/** Before it counts: a program that is given few requests is measured before it is compiled. */
const LEAST_WARM_MS = 1_500;
const MOST_WARM_MS = 20_000;
const WARM_REQUESTS = 4_000;

/**
 * Keep-alive requests of 1 KiB on `connections` tunnels at once for `seconds`; prints a line when it begins to count, and
 * then requests per second and their number.
 */
const request = await readRequest<{ way: Way; connections: number; seconds: number }>();
const body = Buffer.alloc(1024, '{"text":"the quick brown fox jumps over the lazy dog"},');
const bytes = Buffer.concat([
  Buffer.from(
    `POST /v1/messages HTTP/1.1\r\nHost: ${request.way.authority}\r\nAccept: */*\r\nUser-Agent: bench\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
  ),
  body,
]);

let done = 0;
let stopping = false;

async function loop(): Promise<void> {
  const socket = await openWay(request.way);
  let expected = -1;
  let got = 0;
  socket.on('data', (chunk: Buffer) => {
    if (expected < 0) {
      const head = chunk.toString('latin1', 0, Math.min(chunk.length, 4096));
      const end = head.indexOf('\r\n\r\n');
      const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
      if (!/^HTTP\/1\.[01] 200/.test(head) || end < 0 || length === undefined) {
        process.stderr.write(`unexpected answer: ${head.slice(0, 400)}\n`);
        process.exit(1);
      }
      expected = end + 4 + Number(length);
    }
    got += chunk.length;
    if (got < expected) return;
    done += 1;
    expected = -1;
    got = 0;
    if (stopping) socket.destroy();
    else socket.write(bytes);
  });
  socket.write(bytes);
}

await Promise.all(Array.from({ length: request.connections }, () => loop()));
const opened = performance.now();
await new Promise((resolve) => setTimeout(resolve, LEAST_WARM_MS));
while (done < WARM_REQUESTS && performance.now() - opened < MOST_WARM_MS)
  await new Promise((resolve) => setTimeout(resolve, 100));
process.stdout.write('{}\n');
const before = done;
const start = performance.now();
await new Promise((resolve) => setTimeout(resolve, request.seconds * 1000));
const rate = ((done - before) * 1000) / (performance.now() - start);
stopping = true;
process.stdout.write(`${JSON.stringify({ rate, count: done - before })}\n`);
process.exit(0);
