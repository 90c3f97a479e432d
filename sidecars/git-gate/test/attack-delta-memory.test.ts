import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createClient } from './support/client.ts';
import { startGateProcess } from './support/gate-process.ts';
import { receivePackBody, receivePackHeaders, zeroOid } from './support/pkt-line.ts';
import { rawRequest } from './support/raw-http.ts';
import { createUpstream, sshd } from './support/sshd.ts';

const GIB = 1024 ** 3;
const BASE = 0xff_ffff;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left]);
    bytes.push((left % 128) | 128);
  }
}
function entry(type: number, size: number, body: Buffer, base = Buffer.alloc(0)): Buffer {
  const first = (type << 4) | (size & 15);
  const rest = Math.floor(size / 16);
  const head = rest === 0 ? Buffer.from([first]) : Buffer.concat([Buffer.from([first | 128]), varint(rest)]);
  return Buffer.concat([head, base, deflateSync(body)]);
}
/** One blob of 16 MiB of zeros, and deltas that each say: that blob, so many times. */
function bomb(deltas: number, times: number): Buffer {
  const base = Buffer.alloc(BASE);
  const oid = createHash('sha1').update(`blob ${BASE}\0`).update(base).digest();
  const parts = [entry(3, BASE, base)];
  for (let index = 0; index < deltas; index += 1) {
    const literal = Buffer.from(`${String(index).padStart(4, '0')}`);
    const copies = Array.from({ length: times }, () => Buffer.from([0xf0, 0xff, 0xff, 0xff]));
    const delta = Buffer.concat([
      varint(BASE),
      varint(BASE * times + 4),
      ...copies,
      Buffer.from([4]),
      literal,
    ]);
    parts.push(entry(7, delta.length, delta, oid));
  }
  const count = Buffer.alloc(4);
  count.writeUInt32BE(deltas + 1);
  const body = Buffer.concat([Buffer.from('PACK\0\0\0\x02', 'latin1'), count, ...parts]);
  return Buffer.concat([body, createHash('sha1').update(body).digest()]);
}
/** Memory of all processes of git that this process is an ancestor of, in bytes. */
async function gitMemory(root: number): Promise<number> {
  const parents = new Map<number, number>();
  const sizes = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const text = await readFile(`/proc/${name}/status`, 'utf8').catch(() => '');
    parents.set(Number(name), Number(/^PPid:\s+(\d+)/m.exec(text)?.[1]));
    sizes.set(Number(name), Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1] ?? 0) * 1024);
  }
  const isBelow = (pid: number): boolean => pid === root || (pid > 1 && isBelow(parents.get(pid) ?? 0));
  return [...sizes].reduce((sum, [pid, size]) => sum + (isBelow(pid) ? size : 0), 0);
}

describe.skipIf(sshd === null)('pushes of 20 KB, some at a time', () => {
  test('together make git want no more than 3 GiB', { timeout: 120_000 }, async () => {
    const upstream = await createUpstream();
    await upstream.addRepo('project');
    const gate = await startGateProcess({
      upstream,
      repos: [{ name: 'project', push: { max_bytes: 1024 * 1024 } }],
      limits: { transfer_seconds: 25 },
    });
    const client = await createClient();
    try {
      const url = gate.url('project');
      const main = (await client.must('ls-remote', url, 'refs/heads/main')).slice(0, 40);
      const pack = bomb(4, 75);
      let most = 0;
      const timer = setInterval(
        () => void gitMemory(gate.pid).then((now) => (most = Math.max(most, now))),
        200,
      );
      await Promise.all(
        Array.from({ length: 5 }, async (_, index) =>
          (
            await rawRequest(Number(new URL(url).port), {
              target: '/project.git/git-receive-pack',
              headers: receivePackHeaders,
              body: receivePackBody(
                [{ oldOid: zeroOid, newOid: main, ref: `refs/heads/agent/${index}` }],
                pack,
              ),
            }).catch((e: Error) => ({ text: e.message }))
          ).text.slice(0, 300),
        ),
      );
      clearInterval(timer);
      expect(most).toBeLessThan(3 * GIB);
    } finally {
      await client.remove();
      await gate.close();
      await upstream.stop();
    }
  });
});
