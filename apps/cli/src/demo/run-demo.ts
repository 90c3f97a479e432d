import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { readAudit, verifyAudit } from '@bot-bottle/audit';
import { launchBottle, runtimeDir, type LaunchedBottle } from '@bot-bottle/backend';
import { encodingsOf } from '@bot-bottle/dlp';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { loadHome } from '../launch/load-home.ts';
import { prepareLaunch, type PreparedLaunch } from '../launch/prepare-launch.ts';
import { sidecarPrograms } from '../launch/sidecar-programs.ts';
import { launchOptionsSchema, type DemoBackend } from '../parse-options.ts';
import { agentProgram } from './agent-program.ts';
import { agentReportSchema, type AgentReport } from './agent-report.ts';
import { demoAddress } from './demo-address.ts';
import { DemoApi } from './demo-api.ts';
import { keyVariable, makeDemoWorld, tokenVariable, type DemoWorld } from './demo-home.ts';
import { playOperator, type OperatorFacts } from './demo-operator.ts';
import { demoSteps, type DemoFacts, type DemoStep } from './demo-steps.ts';
import { dumpScript } from './dump-script.ts';

const limitMs = 60_000;

/** Runs the whole demo in a home of its own, and cleans up after itself. */
export async function runDemo(
  context: CommandContext,
  backend: DemoBackend,
  signal: AbortSignal,
): Promise<DemoStep[]> {
  const world = await makeDemoWorld(backend, await demoAddress(backend));
  try {
    const secrets = { [tokenVariable]: random('demo-token'), [keyVariable]: random('demo-key') };
    const env = { ...context.io.env, ...secrets, BOT_BOTTLE_HOME: world.home, BOT_BOTTLE_BACKEND: '' };
    const own: CommandContext = { ...context, io: { ...context.io, env, cwd: world.home } };
    return demoSteps(await collectFacts(own, { ...world, backend }, secrets, signal));
  } finally {
    await world.remove();
  }
}

async function collectFacts(
  context: CommandContext,
  world: DemoWorld & { readonly backend: DemoBackend },
  secrets: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<DemoFacts> {
  const token = secrets[tokenVariable] ?? '';
  const prepared = await prepare(context, world);
  const { identity } = prepared.plan;
  const launched = await launchBottle({
    ...prepared,
    runtimeDir: runtimeDir(context.io.env),
    sidecarPrograms: sidecarPrograms(),
    cwd: context.io.cwd,
    signal,
    onProgress: (message) => context.printer.detail(message),
    // What is asked is answered here, and shown as a step.
    onWarning: (message) => context.printer.detail(message),
  });
  let report: AgentReport;
  let operator: OperatorFacts;
  let readable: Buffer;
  const ended = new AbortController();
  try {
    const playing = playOperator(runtimeDir(context.io.env), identity, ended.signal);
    // told by whoever waits for it
    playing.catch(() => undefined);
    const text = await runMain(launched, signal);
    ended.abort();
    operator = await playing;
    report = agentReportSchema.parse(JSON.parse(text));
    readable = await dump(launched);
  } finally {
    ended.abort();
    for (const warning of await launched.close()) context.printer.warning(warning);
  }
  const audit = { dir: join(world.home, 'audit'), bottle: identity };
  const left = await filesBelow(world.home);
  const needles = Object.values(secrets).flatMap((secret) => formsOf(secret));
  return {
    backend: world.backend,
    report,
    operator,
    requests: world.api.seen,
    branches: await world.remote.branches(),
    upstreamObjects: await world.remote.objects(),
    deployKeyInBottle: holds(readable, [keyBody(world.remote.clientKey)]),
    token,
    tokenInBottle: holds(readable, formsOf(token)) || holds(Buffer.from(report.env), formsOf(token)),
    tokenInAnswers: holds(Buffer.from(JSON.stringify([report.echo, report.allowed])), formsOf(token)),
    audit: { ...(await verifyAudit(audit)), denied: await countDenials(audit.dir, identity) },
    filesWithSecrets: left.filter(({ bytes }) => holds(bytes, needles)).map(({ name }) => name),
    filesSearched: left.length,
  };
}

async function prepare(context: CommandContext, { api, remote }: DemoWorld): Promise<PreparedLaunch> {
  const home = await loadHome(context);
  const prepared = await prepareLaunch(context, home, {
    agent: await home.index.agent('demo'),
    mode: {
      kind: 'command',
      argv: ['node', '--input-type=module', '-', DemoApi.host, String(api.port), remote.url],
    },
    extraArgs: [],
    options: launchOptionsSchema.parse({ yes: true }),
    showPreflight: false,
  });
  if (prepared === null) throw new CliError('failed', 'the demo was not launched');
  return prepared;
}

/** The scripted agent to its end; what it prints is its report. */
async function runMain(launched: LaunchedBottle, signal: AbortSignal): Promise<string> {
  const stdout = new Collector();
  const stderr = new Collector();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const stop = (): void => void launched.bottle.close();
  limit.addEventListener('abort', stop, { once: true });
  const stdin = Readable.from([await agentProgram()]);
  const status = await launched.runMain({ stdin, stdout, stderr, tty: null });
  limit.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (status.code !== 0) {
    throw new CliError('failed', `the demo's agent failed (${status.signal ?? status.code ?? '?'})`, {
      hint: stderr.text().slice(0, 2000) || null,
    });
  }
  return stdout.text();
}

/** Everything that the agent can read in its bottle, in one piece. */
async function dump(launched: LaunchedBottle): Promise<Buffer> {
  const child = await launched.bottle.spawn(['node', '-e', dumpScript], { env: launched.env });
  child.stdin.end();
  child.stderr.resume();
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  const all = Buffer.concat(chunks);
  // Without its end the search would prove nothing.
  if (!all.subarray(-32).toString().endsWith('end of dump'))
    throw new CliError('failed', 'the bottle could not be searched');
  return all;
}

async function countDenials(dir: string, bottle: string): Promise<number> {
  const codes = new Set<string>();
  for await (const line of readAudit(dir, bottle)) if (line.code !== null) codes.add(line.code);
  return codes.size;
}

async function filesBelow(dir: string): Promise<Array<{ name: string; bytes: Buffer }>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return await Promise.all(files.map(async (name) => ({ name, bytes: await readFile(name) })));
}

const random = (prefix: string): string => `${prefix}-${randomBytes(24).toString('hex')}`;
/** The middle line of a private key: no other text holds it. */
const keyBody = (pem: string): Buffer => Buffer.from(pem.trim().split('\n').at(2) ?? pem);
const formsOf = (secret: string): Buffer[] => encodingsOf(secret).map((form) => Buffer.from(form));
const holds = (bytes: Buffer, needles: readonly Buffer[]): boolean =>
  needles.some((needle) => bytes.includes(needle));

class Collector extends Writable {
  readonly #chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}
