import { execInBottle, type ExecOptions, type ExecResult } from '../provision/exec-in-bottle.ts';
import { copyIn } from '../provision/copy-in.ts';
import { guestHome } from '../env/guest-paths.ts';
import { ParityFailure, type ParityCase, type ParityContext } from './parity-case.ts';

const env = { HOME: guestHome, PATH: '/usr/local/bin:/usr/bin:/bin' };

async function shell(context: ParityContext, script: string, options: ExecOptions = {}): Promise<ExecResult> {
  return await execInBottle(context.bottle, ['sh', '-c', script], {
    ...options,
    env: { ...env, ...options.env },
  });
}

function expectThat(context: ParityContext, holds: boolean, what: string, seen: unknown): void {
  if (!holds) throw new ParityFailure(context.backend.name, what, seen);
}

const parityCase = (name: string, run: ParityCase['run']): ParityCase => ({ name, run });

/** A script that must fail in every bottle. */
const denied = (name: string, script: string): ParityCase =>
  parityCase(name, async (context) => {
    const result = await shell(context, `${script} && echo REACHED`, { timeoutMs: 60_000 });
    expectThat(context, !result.stdout.includes('REACHED'), name, result);
  });

/** The suite that each backend passes unchanged; no case needs anything but a POSIX shell in the bottle. */
export const parityCases: readonly ParityCase[] = [
  parityCase('gives exit code and both outputs', async (context) => {
    const result = await shell(context, 'cat; echo err >&2; exit 7', { input: 'in' });
    const holds = result.code === 7 && result.stdout === 'in' && result.stderr === 'err\n';
    expectThat(context, holds, 'exit code and outputs arrive', result);
  }),
  parityCase('passes every byte both ways', async (context) => {
    const result = await shell(context, 'wc -c', {
      input: Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256)),
    });
    expectThat(context, result.stdout.trim() === '70000', 'stdin arrives whole', result);
  }),
  parityCase('passes argv without a shell', async (context) => {
    const argv = ['printf', '%s|', 'a b', '$HOME', '`id`', "'", '"', '', '*', '-n'];
    const result = await execInBottle(context.bottle, argv, { env });
    expectThat(
      context,
      result.stdout === `${argv.slice(2).join('|')}|`,
      'arguments arrive as they are',
      result,
    );
  }),
  parityCase('sets env and working directory', async (context) => {
    const result = await shell(context, 'printf %s "$A"; pwd', { env: { A: 'x y\nz' }, cwd: '/tmp' });
    expectThat(context, result.stdout === 'x y\nz/tmp\n', 'env and cwd are set', result);
  }),
  parityCase('runs as uid 1000 in a home that is private and writable', async (context) => {
    const result = await shell(
      context,
      `id -u; cd "$HOME" && pwd && touch .parity && rm .parity && ls -ld .`,
    );
    const holds = result.stdout.startsWith(`1000\n${guestHome}\n`) && result.code === 0;
    expectThat(context, holds, 'the user is node', result);
  }),
  parityCase('hands nothing of the host environment in', async (context) => {
    const result = await shell(context, 'env');
    const extra = result.stdout
      .split('\n')
      .filter((line) => /TOKEN|SECRET|^SSH_|^DOCKER_|^AWS_|^BOT_BOTTLE/.test(line));
    expectThat(context, extra.length === 0, 'no variable of the host is there', extra);
  }),
  parityCase('runs processes side by side', async (context) => {
    const results = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => await shell(context, `echo ${index}`)),
    );
    const seen = results.map(({ stdout }) => stdout.trim()).join('');
    expectThat(context, seen === '01234567', 'each process has its own output', seen);
  }),
  parityCase('tells of a signal and of a program that is not there', async (context) => {
    const killed = await shell(context, 'kill -KILL $$');
    expectThat(context, killed.code === 137, 'a signal is told', killed);
    const missing = await execInBottle(context.bottle, ['/nonexistent/program'], { env }).then(
      ({ code }) => code,
      () => 127,
    );
    expectThat(context, missing === 126 || missing === 127, 'a missing program is told', missing);
  }),
  parityCase('copies in with modes and links', async (context) => {
    const { sha256 } = await copyIn(
      context.bottle,
      [
        { kind: 'dir', path: 'parity', mode: 0o700 },
        { kind: 'text', path: 'parity/file', mode: 0o640, content: 'abc' },
        { kind: 'link', path: 'parity/link', target: 'file' },
      ],
      { root: guestHome, env, checksum: 'parity/file', replace: 'parity' },
    );
    const result = await shell(context, 'cd parity && cat link && stat -c %a file && cd .. && rm -r parity', {
      cwd: guestHome,
    });
    const right = sha256 === 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expectThat(context, right && result.stdout === 'abc640\n', 'copies arrive', { sha256, result });
  }),
  denied('has no route to an outside address', 'timeout 5 bash -c "exec 3<>/dev/tcp/192.0.2.1/80"'),
  denied(
    'has no way to the host’s loopback but the sidecars',
    'timeout 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/22"',
  ),
  denied('resolves no outside name', 'timeout 10 getent hosts example.com'),
  denied('cannot write to the system', 'touch /usr/parity /etc/parity 2>/dev/null'),
  denied(
    'sees no socket of a container engine',
    'test -S /var/run/docker.sock -o -S /run/docker.sock -o -S /run/containerd/containerd.sock',
  ),
];
