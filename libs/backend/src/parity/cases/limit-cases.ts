import type { BottleSpec } from '../../contracts.ts';
import { execInBottle } from '../../provision/exec-in-bottle.ts';
import { node, shell } from '../in-bottle.ts';
import { expectThat, type BottleCase, type BottleContext, type ParityOutcome } from '../parity-case.ts';
import { bottleCases } from './make-cases.ts';

type Resources = BottleSpec['resources'];
type Limit = keyof Resources;

const mebibyte = 1024 ** 2;
const none: Resources = { memory: null, cpus: null, pids: null, disk: null };

/** A limit that is claimed must hold; one that is not claimed is told as such. */
function limit(
  name: Limit,
  value: number,
  look: (context: BottleContext, bottle: BottleContext['bottle']) => Promise<void>,
): BottleCase['run'] {
  return async (context): Promise<ParityOutcome> => {
    if (!context.backend.capabilities.resourceLimits.includes(name)) return 'not offered';
    const resources = { ...none, [name]: value };
    return await context.withBottle({ resources }, async (bottle) => {
      await look(context, bottle);
      const { stdout } = await execInBottle(bottle, ['echo', 'still here']);
      expectThat(context, stdout === 'still here\n', 'the bottle goes on', stdout);
    });
  };
}

const forks = `my $n = 0; my @kids; for (1..300) { my $p = fork; last unless defined $p;
if (!$p) { sleep 100; exit } push @kids, $p; $n++ } print "$n\\n"; kill 9, @kids;`;

const spin = `import { Worker } from 'node:worker_threads';
const began = process.hrtime.bigint();
const before = process.cpuUsage();
const busy = 'const end = Date.now() + 3000; while (Date.now() < end);';
const workers = [1, 2].map(() => new Worker(busy, { eval: true }));
await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve))));
const { user, system } = process.cpuUsage(before);
console.log((user + system) * 1000 / Number(process.hrtime.bigint() - began));`;

export const limitCases = bottleCases('Limits that hold', {
  memory: limit('memory', 256 * mebibyte, async (context, bottle) => {
    const program = 'const all = []; for (;;) all.push(Buffer.alloc(32 * 1024 * 1024, 1));';
    const { code } = await execInBottle(bottle, ['node', '-e', program], { timeoutMs: 60_000 });
    expectThat(context, code === 137, 'what takes more is ended', code);
  }),
  cpus: limit('cpus', 0.5, async (context, bottle) => {
    const used = Number(await node(bottle, spin));
    // A busy machine gives less, never more: what is checked is an upper bound.
    expectThat(context, used > 0 && used < 0.75, 'two busy threads get no more than half a CPU', used);
  }),
  pids: limit('pids', 60, async (context, bottle) => {
    const { stdout } = await execInBottle(bottle, ['perl', '-e', forks]);
    const made = Number(stdout);
    expectThat(context, made > 20 && made < 100, 'no more processes than that', stdout);
  }),
  disk: limit('disk', 32 * mebibyte, async (context, bottle) => {
    const { code } = await shell(bottle, 'head -c 64M /dev/zero > ~/large');
    expectThat(context, code !== 0, 'the home takes no more than that', code);
  }),
});
