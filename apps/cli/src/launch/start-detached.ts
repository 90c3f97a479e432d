import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ChildProcess } from 'node:child_process';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { detachedAnswerSchema, type DetachedAnswer, type DetachedRequest } from './detached-request.ts';
import type { PreparedLaunch } from './prepare-launch.ts';

/** milliseconds until a detached bottle must be up */
const limitMs = 120_000;

/**
 * Starts an owner that outlives this process and its terminal, waits until the bottle is up, and prints its identity.
 * Plan and secrets travel through a pipe: nothing is in argv, in the environment or in a file.
 */
export async function startDetached(context: CommandContext, prepared: PreparedLaunch): Promise<number> {
  const { io, printer } = context;
  const { slots, env, gateKeys, forgeTokens } = prepared.secrets;
  const request: DetachedRequest = {
    version: 1,
    plan: prepared.plan,
    slots: slots.entries(),
    env: env.entries(),
    gateKeys: gateKeys.entries(),
    forgeTokens: forgeTokens.entries(),
    cwd: prepared.cwd,
    notify: {
      ...prepared.notify,
      command: prepared.notify.command === null ? null : [...prepared.notify.command],
    },
    term: io.env['TERM'] ?? null,
  };
  const child = spawn(process.execPath, [...process.execArgv, ownProgram(), '__owner'], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    cwd: '/',
    env: withoutSecrets(io.env, prepared),
  });
  child.stdin.on('error', () => undefined);
  // Kept open: its end before the answer tells the owner that nobody waits for it any more.
  child.stdin.write(`${JSON.stringify(request)}\n`);
  const answer = await answerOf(child);
  child.stdin.destroy();
  child.stdout.destroy();
  child.unref();
  if (!answer.ok)
    throw new CliError('failed', answer.message, { hint: answer.hint, exitCode: answer.exitCode });
  printer.result(answer.identity);
  printer.note(`bot-bottle attach ${answer.identity} shows its terminal`);
  return 0;
}

/** The program that runs now: its bin when it was started by one. */
function ownProgram(): string {
  const built = process.argv[1];
  return built ?? fileURLToPath(import.meta.url);
}

/** The owner's environment holds no value that is a secret of the bottle: they are in its memory only. */
function withoutSecrets(env: CommandContext['io']['env'], { secrets }: PreparedLaunch): NodeJS.ProcessEnv {
  const { slots, env: entering, gateKeys, forgeTokens } = secrets;
  const stores = [slots, entering, gateKeys, forgeTokens];
  const values = new Set(stores.flatMap((store) => store.entries()).map(([, value]) => value));
  return Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && !values.has(value)),
  );
}

async function answerOf(child: ChildProcess): Promise<DetachedAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<DetachedAnswer>();
  const fail = (what: string): void => reject(new CliError('failed', what, { exitCode: 125 }));
  const timer = setTimeout(() => {
    child.kill('SIGTERM');
    fail(`the bottle was not up within ${limitMs / 1000} s`);
  }, limitMs);
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).once('line', (line) => {
      try {
        resolve(detachedAnswerSchema.parse(JSON.parse(line)));
      } catch {
        fail('the owner of the bottle gave no proper answer');
      }
    });
  }
  child.once('error', () => fail('the owner of the bottle could not be started'));
  child.once('exit', () => fail('the owner of the bottle ended at once'));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
