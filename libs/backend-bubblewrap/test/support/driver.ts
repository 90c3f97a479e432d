// runs a bottle for a test, possibly as another user: commands come as lines on stdin, answers go out on stdout
import { createInterface } from 'node:readline';
import {
  execInBottle,
  type BottleHost,
  type Bottle,
  type SidecarProcess,
  type SidecarSpec,
} from '@bot-bottle/backend';
import { createBubblewrapBackend } from '@bot-bottle/backend-bubblewrap';

interface Command {
  readonly id: number;
  readonly op: 'open' | 'exec' | 'sidecar' | 'signal' | 'check' | 'pids' | 'close' | 'leftovers' | 'clean';
  readonly [key: string]: unknown;
}

let host: BottleHost | null = null;
let bottle: Bottle | null = null;
const sidecars = new Map<string, SidecarProcess>();

async function run(command: Command): Promise<unknown> {
  const options = command['options'] as { runtimeDir?: string; cacheDir?: string; homesDir?: string };
  switch (command.op) {
    case 'open': {
      const spec = command['spec'] as Parameters<ReturnType<typeof createBubblewrapBackend>['open']>[0];
      host = await createBubblewrapBackend(options).open(spec);
      bottle = command['sidecarsOnly'] === true ? null : await host.startBottle();
      return process.pid;
    }
    case 'exec': {
      if (bottle === null) throw new Error('no bottle');
      return await execInBottle(bottle, command['argv'] as string[], {
        ...(typeof command['input'] === 'string' ? { input: command['input'] } : {}),
        cwd: '/home/node',
      });
    }
    case 'sidecar': {
      if (host === null) throw new Error('no host');
      const spec = command['spec'] as Partial<SidecarSpec> &
        Pick<SidecarSpec, 'name' | 'program' | 'network'>;
      const sidecar = await host.startSidecar({ programs: [], scratch: false, ...spec });
      sidecars.set(spec.name, sidecar);
      const line = createInterface({ input: sidecar.stdout });
      sidecar.stderr.pipe(process.stderr);
      const first = await Promise.race([
        new Promise((resolve) => line.once('line', resolve)),
        sidecar.exited.then((status) => `exited ${JSON.stringify(status)}`),
      ]);
      return { pid: sidecar.pid, first };
    }
    case 'signal': {
      const sidecar = sidecars.get(command['name'] as string);
      sidecar?.kill(command['signal'] as NodeJS.Signals);
      return await sidecar?.exited;
    }
    case 'check':
      if (host === null || bottle === null) throw new Error('no bottle');
      return await host.selfCheck(bottle);
    case 'pids':
      return host?.pids() ?? [];
    case 'close':
      return (await host?.close()) ?? [];
    case 'leftovers':
      return (await createBubblewrapBackend(options).leftovers(new Set())).map(({ kind, identity }) => ({
        kind,
        identity,
      }));
    case 'clean':
      for (const leftover of await createBubblewrapBackend(options).leftovers(new Set()))
        await leftover.remove();
      return null;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as Command;
  const answer = await run(command).then(
    (result) => ({ id: command.id, result }),
    (error: unknown) => ({ id: command.id, error: error instanceof Error ? error.message : String(error) }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
