import { createWriteStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fakeSecret } from './support/fake-secrets.ts';
import { createPushScene, fakeGitleaks, type PushScene, type ScanSettings } from './support/push-scene.ts';

const MIB = 1024 * 1024;
const secret = fakeSecret('large');

let scene: PushScene;
let tip: string;

beforeAll(async () => {
  scene = await createPushScene();
  const line = 'plain text that says nothing at all, again and again\n';
  const block = Buffer.from(line.repeat(Math.ceil(MIB / line.length)));
  const file = path.join(scene.folder, 'large');
  const blocks = function* (): Generator<Buffer> {
    for (let n = 0; n < 300; n++) yield n === 200 ? Buffer.from(`${secret}\n`) : block;
  };
  await pipeline(Readable.from(blocks()), createWriteStream(file));
  const blob = await scene.inQuarantine(['-c', 'core.compression=1', 'hash-object', '-w', file]);
  tip = await scene.inQuarantine(['mktree'], `100644 blob ${blob}\tlarge\n`);
}, 120_000);
afterAll(() => scene.close());

/** Growth of this process and of the scratch folder while a push is scanned, in bytes. */
async function growth(settings: ScanSettings) {
  await scene.scan({ 'refs/tags/warm': await scene.inQuarantine(['mktree'], '') }, settings);
  const before = process.memoryUsage().rss;
  let memory = 0;
  let disk = 0;
  const timer = setInterval(() => {
    memory = Math.max(memory, process.memoryUsage().rss - before);
    void sizeOf(scene.scratchDir).then((size) => (disk = Math.max(disk, size)));
  }, 20);
  try {
    const report = await scene.scan({ 'refs/tags/large': tip }, settings);
    return { report, memory, disk };
  } finally {
    clearInterval(timer);
  }
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    entries.map((entry) =>
      stat(path.join(folder, entry)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

it('keeps memory flat over a file of 300 MiB with the built-in scanner', { timeout: 120_000 }, async () => {
  const { report, memory } = await growth({ mode: 'builtin', timeoutMs: 110_000 });
  expect(report.bytes).toBeGreaterThan(299 * MIB);
  expect(report.findings).toMatchObject([{ path: 'large' }]);
  expect(memory).toBeLessThan(150 * MIB);
});

it('keeps memory and disk flat over a file of 300 MiB in files', { timeout: 120_000 }, async () => {
  // gitleaks itself needs minutes for this; what is bounded here is what stands before it
  const program = await fakeGitleaks(
    scene,
    String.raw`cd "$2" || exit 9
PATH=/usr/bin:/bin grep -r -o -E 'glpat-[A-Za-z0-9]{20}' . | PATH=/usr/bin:/bin awk -F: '
BEGIN { print "[" }
{ printf "%s{\"RuleID\":\"gitlab-pat\",\"StartLine\":1,\"EndLine\":1,\"StartColumn\":1,\"EndColumn\":2,\"Secret\":\"%s\",\"File\":\"%s\"}", sep, $2, $1; sep = "," }
END { print "]" }'`,
  );
  const { report, memory, disk } = await growth({ mode: 'gitleaks', gitleaks: program, timeoutMs: 110_000 });
  expect(report).toMatchObject({ scanner: 'gitleaks', findings: [] });
  expect(memory).toBeLessThan(150 * MIB);
  expect(disk).toBeGreaterThan(16 * MIB);
  expect(disk).toBeLessThan(72 * MIB);
  expect(await scene.leftovers()).toEqual([]);
});
