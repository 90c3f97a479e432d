import { BackendError } from '../../errors.ts';
import { execInBottle } from '../../provision/exec-in-bottle.ts';
import { guestWorkspace } from '../../env/guest-paths.ts';
import { node, shell, shellCode, textOf } from '../in-bottle.ts';
import { expectThat, type BottleContext } from '../parity-case.ts';
import { bottleCases } from './make-cases.ts';

const odd = ['', ' ', "it's", '$(id)', '`id`', '"q"', '\n', 'ä\u{1f980}', '-n', '--', '*', '\\', '\x01'];

/** Why a program could not be started, null when it could. */
async function refusal(
  { bottle }: BottleContext,
  argv: readonly string[],
  cwd?: string,
): Promise<string | null> {
  try {
    const child = await bottle.spawn(argv, cwd === undefined ? {} : { cwd });
    child.kill('SIGKILL');
    return null;
  } catch (error) {
    return BackendError.isInstance(error) && error.code === 'exec_failed' ? error.message : String(error);
  }
}

export const processCases = bottleCases('Processes', {
  'tells exit code and both outputs, and takes input': async (context) => {
    const result = await shell(context.bottle, 'cat; echo err >&2; exit 7', { input: 'in' });
    const holds = result.code === 7 && result.stdout === 'in' && result.stderr === 'err\n';
    expectThat(context, holds, 'exit code and outputs arrive', result);
  },
  'passes every byte both ways': async (context) => {
    const input = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256));
    const child = await context.bottle.spawn(['cat']);
    child.stdin.end(input);
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
    expectThat(context, Buffer.concat(chunks).equals(input), 'what goes in comes out', chunks.length);
  },
  'lets a script open its standard streams by name': async (context) => {
    const script = 'cat /dev/stdin > /dev/stdout; echo err > /dev/stderr';
    const result = await shell(context.bottle, script, { input: 'given' });
    const holds = result.code === 0 && result.stdout === 'given' && result.stderr === 'err\n';
    expectThat(context, holds, 'the names of the streams work', result);
  },
  'passes arguments as they are, without a shell': async (context) => {
    const program = 'console.log(JSON.stringify(process.argv.slice(1)))';
    const { stdout } = await execInBottle(context.bottle, ['node', '-e', program, '--', ...odd]);
    expectThat(context, stdout.trim() === JSON.stringify(odd), 'arguments arrive as they are', stdout);
  },
  'starts in the working directory, which is there, or in the one that is named': async (context) => {
    const places = [await shell(context.bottle, 'pwd'), await shell(context.bottle, 'pwd', { cwd: '/tmp' })];
    const seen = places.map(({ stdout }) => stdout).join('');
    expectThat(context, seen === `${guestWorkspace}\n/tmp\n`, 'both folders', seen);
  },
  'sets the environment, and what is given wins': async (context) => {
    const env = { A: 'x y\nz', HOME: '/tmp' };
    const { stdout } = await shell(context.bottle, 'printf "%s|%s|" "$A" "$HOME"; printf %s "$USER"', {
      env,
    });
    expectThat(context, stdout === 'x y\nz|/tmp|node', 'the environment', stdout);
  },
  'hands nothing of the host environment in': async (context) => {
    const { stdout } = await shell(context.bottle, 'env');
    const named = stdout.split('\n').map((line) => line.split('=', 1)[0] ?? '');
    const extra = named.filter((name) => /TOKEN|SECRET|^SSH_|^DOCKER_|^AWS_|^BOT_BOTTLE|^npm_/.test(name));
    expectThat(context, named.includes('HOME') && extra.length === 0, 'no variable of the host', named);
  },
  'names a program that is not there': async (context) => {
    const why = await refusal(context, ['no-such-program']);
    expectThat(context, why === 'no-such-program: not found', 'a missing program is named', why);
  },
  'names a folder that is not there': async (context) => {
    const why = await refusal(context, ['true'], '/nowhere');
    expectThat(context, why === '/nowhere: no such directory', 'a missing folder is named', why);
  },
  'refuses a zero byte and an empty command': async (context) => {
    const why = [await refusal(context, ['echo', 'a\0b']), await refusal(context, [])];
    const holds = why[0]?.includes('zero byte') === true && why[1]?.includes('needs a name') === true;
    expectThat(context, holds, 'nothing is started', why);
  },
  'sends a signal to a process and what it started': async (context) => {
    const child = await context.bottle.spawn(['sh', '-c', 'sleep 1000 & echo started; wait']);
    child.stdout.once('data', () => child.kill('SIGTERM'));
    const status = await child.exited;
    expectThat(context, shellCode(status, 15), 'the end by a signal is told', status);
    expectThat(context, (await textOf(child.stdout)) === '', 'nothing holds the output open', null);
  },
  'runs processes side by side': async (context) => {
    const names = Array.from({ length: 20 }, (_, index) => `number ${index}`);
    const results = await Promise.all(names.map((name) => execInBottle(context.bottle, ['echo', name])));
    const seen = results.map(({ stdout }) => stdout.trim());
    expectThat(context, seen.join() === names.join(), 'each has its own output', seen);
  },
  'stops only the writer of an output that nobody reads': async (context) => {
    const silent = await context.bottle.spawn(['yes']);
    const { stdout } = await execInBottle(context.bottle, ['echo', 'on']);
    silent.kill('SIGKILL');
    await silent.exited;
    expectThat(context, stdout === 'on\n', 'others go on', stdout);
  },
  'does not stop the writer of an output that was thrown away': async (context) => {
    const child = await context.bottle.spawn(['sh', '-c', 'head -c 5000000 /dev/zero; echo done >&2']);
    child.stdout.destroy();
    const said = await textOf(child.stderr);
    expectThat(context, said === 'done\n', 'it ends', said);
  },
  'takes input for a process that does not read it': async (context) => {
    const child = await context.bottle.spawn(['true']);
    child.stdin.on('error', () => undefined);
    child.stdin.write(Buffer.alloc(4_000_000));
    child.stdin.end();
    const { code } = await child.exited;
    expectThat(context, code === 0, 'its exit code is its own', code);
  },
  'carries 200 MB in and out with flat memory': async (context) => {
    const { received, grown } = await carry(context, 200 * 1024 * 1024);
    const flat = 120 * 1024 * 1024;
    const holds = received === 200 * 1024 * 1024 && grown < flat;
    expectThat(context, holds, 'nothing is lost or piled up', { received, grown });
  },
  'has Node.js': async (context) => {
    const major = await node(context.bottle, "console.log(process.versions.node.split('.')[0])");
    expectThat(context, Number(major) >= 22, 'the programs of the kit and of providers need it', major);
  },
});

async function carry({ bottle }: BottleContext, size: number): Promise<{ received: number; grown: number }> {
  const child = await bottle.spawn(['cat']);
  const block = Buffer.alloc(1024 * 1024, 7);
  const before = process.memoryUsage().rss;
  let received = 0;
  let peak = 0;
  const reading = (async () => {
    for await (const chunk of child.stdout) {
      if (Buffer.isBuffer(chunk)) received += chunk.length;
      peak = Math.max(peak, process.memoryUsage().rss);
    }
  })();
  for (let sent = 0; sent < size; sent += block.length)
    if (!child.stdin.write(block)) await new Promise((resolve) => child.stdin.once('drain', resolve));
  child.stdin.end();
  await reading;
  return { received, grown: peak - before };
}
