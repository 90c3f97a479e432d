import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { sidecarRuntime } from '@bot-bottle/sidecar-protocol';
import { BENCH_HOST, FRESH_HOSTS } from './bench-certificates.ts';
import type { BenchFolder } from './bench-certificates.ts';
import { pinned, stopChild } from './child-program.ts';

export interface BenchProxy {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

// starts like nothing in the bodies: a real one is random too
const TOKEN = 'q7Zw-token-0123456789abcdefghij';

function spawnPinned(argv: readonly string[], env?: NodeJS.ProcessEnv): ChildProcess {
  const [program = '', ...args] = pinned(0, argv);
  return spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], ...(env === undefined ? {} : { env }) });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('it does not listen');
}

/** Our sidecar as a launcher runs it: everything over stdio, each audit event acknowledged. */
export async function startOurs(folder: BenchFolder, upstreamPorts: readonly number[]): Promise<BenchProxy> {
  const program = fileURLToPath(import.meta.resolve('@bot-bottle/sidecar-egress/main'));
  const built = program.replace(/src\/main\.ts$/, 'dist/main.js');
  const file = existsSync(built) ? built : program;
  const runtime = sidecarRuntime('egress');
  const child = spawnPinned([process.execPath, '--conditions=@bot-bottle/source', ...runtime.options, file], {
    BOT_BOTTLE_CONTROL: 'stdio',
    ...runtime.env,
  });
  const config = {
    bottle: 'bench',
    listen: '127.0.0.1:0',
    table: { version: 1, routes: [route(BENCH_HOST, upstreamPorts), route('*.bench.test', upstreamPorts)] },
    ca: { cert: folder.authority.cert },
    extra_ca: folder.authority.cert,
    upstream_proxy: null,
    hosts: Object.fromEntries(FRESH_HOSTS.map((host) => [host, '127.0.0.1'])),
    supervise: true,
    budget: { request_bytes: null, total_bytes: null },
    dlp_allow: [],
    env_secrets: {},
    log: 1,
  };
  const secrets = {
    EGRESS_CA_KEY: folder.authority.key,
    EGRESS_TOKEN_0: TOKEN,
    EGRESS_CANARY: 'ghx_benchcanary0123456789abc',
  };
  child.stdin?.write(`${JSON.stringify({ type: 'configure', v: 1, id: 1, config, secrets })}\n`);
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)));
    if (child.stdout === null) return;
    let acknowledged = 0;
    let seen = 0;
    const acknowledge = () => {
      if (seen > acknowledged) child.stdin?.write(`{"type":"audit-ack","seq":${seen}}\n`);
      acknowledged = seen;
    };
    createInterface({ input: child.stdout }).on('line', (line) => {
      const audit = /^\{"type":"audit","seq":(\d+)/.exec(line);
      if (audit !== null) {
        if (seen === acknowledged) setImmediate(acknowledge);
        seen = Number(audit[1]);
        return;
      }
      const message = JSON.parse(line) as { type: string; listening?: string[]; problems?: string[] };
      if (message.type === 'ready') resolve(Number(message.listening?.[0]?.split(':')[1]));
      else reject(new Error(`${message.type}: ${message.problems?.join('; ')}`));
    });
  });
  return { name: 'egress', port, pid: child.pid ?? 0, stop: () => stopChild(child) };
}

function route(host: string, ports: readonly number[]): Record<string, unknown> {
  return {
    host,
    ports,
    scheme: 'https',
    path_allowlist: [],
    methods: [],
    auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0', header: null, username: null },
    authorization: 'strip',
    agent_headers: [],
    env_secrets: [],
    git: { fetch: false },
    dlp: { outbound: ['known_secrets', 'token_patterns', 'canary', 'crlf'], inbound: [], on_match: 'block' },
    address_allowlist: ['127.0.0.1/32', '::1/128'],
    owner: 'manifest',
    expires_at: null,
    inject: false,
  };
}

/** mitmdump with the same injection; null when it is not installed. */
export async function startMitmdump(folder: BenchFolder): Promise<BenchProxy | null> {
  if (!installed('mitmdump')) return null;
  const port = await freePort();
  const script = join(folder.path, 'inject.py');
  await writeFile(
    script,
    `def request(flow):\n    flow.request.headers["authorization"] = "Bearer ${TOKEN}"\n`,
  );
  await writeFile(join(folder.path, 'mitmproxy-ca.pem'), folder.authority.key + folder.authority.cert);
  const child = spawnPinned([
    'mitmdump',
    '--quiet',
    '--listen-host=127.0.0.1',
    `--listen-port=${port}`,
    `--scripts=${script}`,
    `--set=confdir=${folder.path}`,
    `--set=ssl_verify_upstream_trusted_ca=${folder.caFile}`,
    '--set=flow_detail=0',
  ]);
  child.stdout?.resume();
  await untilListening(port, child);
  return { name: 'mitmdump', port, pid: child.pid ?? 0, stop: () => stopChild(child) };
}

/** squid with ssl-bump, one worker, the same injection; null when it is not installed. */
export async function startSquid(folder: BenchFolder): Promise<BenchProxy | null> {
  const helper = '/usr/lib/squid/security_file_certgen';
  if (!existsSync('/usr/sbin/squid') || !existsSync(helper)) return null;
  const port = await freePort();
  const home = await mkdtemp(join(folder.path, 'squid-'));
  const pem = join(home, 'ca.pem');
  await writeFile(pem, folder.authority.cert + folder.authority.key, { mode: 0o644 });
  execFileSync(helper, ['-c', '-s', join(home, 'certs'), '-M', '4MB'], { stdio: 'ignore' });
  execFileSync('chmod', ['-R', 'a+rwX', home]);
  const settings = join(home, 'squid.conf');
  await writeFile(
    settings,
    [
      `http_port 127.0.0.1:${port} ssl-bump generate-host-certificates=on dynamic_cert_mem_cache_size=4MB tls-cert=${pem}`,
      `sslcrtd_program ${helper} -s ${join(home, 'certs')} -M 4MB`,
      'sslcrtd_children 2 startup=1 idle=1',
      'acl step1 at_step SslBump1',
      'ssl_bump peek step1',
      'ssl_bump bump all',
      `tls_outgoing_options cafile=${folder.caFile}`,
      'http_access allow all',
      'cache deny all',
      'access_log none',
      `cache_log ${join(home, 'cache.log')}`,
      `pid_filename ${join(home, 'squid.pid')}`,
      `coredump_dir ${home}`,
      'request_header_access Authorization deny all',
      `request_header_add Authorization "Bearer ${TOKEN}" all`,
      'shutdown_lifetime 0 seconds',
      'workers 1',
      'max_filedescriptors 1024',
    ].join('\n'),
  );
  const child = spawnPinned(['/usr/sbin/squid', '-N', '-f', settings]);
  child.stdout?.resume();
  await untilListening(port, child);
  return { name: 'squid', port, pid: child.pid ?? 0, stop: () => stopChild(child) };
}

function installed(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}
