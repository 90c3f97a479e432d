// holds a bottle for a test that ends this process: `node holder.ts SPEC BASE_IMAGE`
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BottleSpec } from '@bot-bottle/backend';
import { createDockerBackend } from '@bot-bottle/backend-docker';

const [spec = '', baseImage = ''] = process.argv.slice(2);
const parsed = JSON.parse(spec) as BottleSpec;
const host = await createDockerBackend({ baseImage }).open(parsed);
const file = join(mkdtempSync(join(tmpdir(), 'bb-holder-')), 'main.js');
writeFileSync(file, "process.stdin.on('end', () => process.exit(0)).resume();");
for (const name of parsed.sidecars)
  await host.startSidecar({
    name,
    program: file,
    network: name !== 'supervise',
    programs: [],
    scratch: false,
  });
await host.startBottle();
process.stdout.write('up\n');
setInterval(() => undefined, 1000);
