import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';

const repository = 'demo.git';
const command = /^git[ -](upload-pack|receive-pack) '\/demo\.git'$/;

/** The upstream of the demo: a real git repository behind a real SSH server of this host, with keys of its own. */
export class DemoRemote {
  readonly url: string;
  /** as `host_key` of the manifest wants it */
  readonly hostKey: string;
  /** private key that the server accepts, OpenSSH format */
  readonly clientKey: string;
  readonly #folder: string;
  readonly #server: ssh2.Server;
  readonly #connections = new Set<Connection>();

  private constructor(
    folder: string,
    server: ssh2.Server,
    keys: { host: string; client: string },
    where: { address: string; port: number },
  ) {
    this.#folder = folder;
    this.#server = server;
    this.url = `ssh://git@${where.address}:${where.port}/${repository}`;
    this.hostKey = keys.host;
    this.clientKey = keys.client;
    server.on('connection', (connection: Connection) => {
      this.#connections.add(connection);
      connection.on('error', () => undefined).on('close', () => this.#connections.delete(connection));
    });
  }

  /**
   * @param root folder for the repository; the caller removes it
   * @param address of this host
   */
  static async open(root: string, address: string): Promise<DemoRemote> {
    const folder = join(root, repository);
    await mkdir(folder);
    await seed(folder);
    const host = ssh2.utils.generateKeyPairSync('ed25519');
    const client = ssh2.utils.generateKeyPairSync('ed25519');
    const server = new ssh2.Server({ hostKeys: [host.private] }, (connection) =>
      serve(connection, client.public, folder),
    );
    server.listen(0, address);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return new DemoRemote(folder, server, { host: host.public, client: client.private }, { address, port });
  }

  /** Names of the branches that arrived, without the first one. */
  async branches(): Promise<string[]> {
    const names = await git(this.#folder, ['for-each-ref', '--format=%(refname:short)', 'refs/heads']);
    return names.split('\n').filter((name) => name !== '' && name !== 'main');
  }

  /** Every object that the repository has, whole. */
  async objects(): Promise<string> {
    return await git(this.#folder, ['cat-file', '--batch-all-objects', '--batch']);
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.end();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** Only the holder of the key comes in, and only the two programs of git run. */
function serve(connection: Connection, allowed: string, folder: string): void {
  const key = ssh2.utils.parseKey(allowed);
  if (key instanceof Error) throw key;
  connection.on('authentication', (attempt) => {
    const known = attempt.method === 'publickey' && attempt.key.data.equals(key.getPublicSSH());
    if (!known) attempt.reject(['publickey']);
    else if (attempt.signature === undefined || attempt.blob === undefined) attempt.accept();
    else if (key.verify(attempt.blob, attempt.signature, attempt.hashAlgo) === true) attempt.accept();
    else attempt.reject();
  });
  connection.on('ready', () =>
    connection.on('session', (accept) => {
      accept().on('exec', (acceptExec, reject, { command: asked }) => {
        const program = command.exec(asked)?.[1];
        if (program === undefined) reject();
        else run(acceptExec(), program, folder);
      });
    }),
  );
}

function run(channel: ServerChannel, program: string, folder: string): void {
  const child = spawn('git', [program, folder], { env: cleanEnv() });
  child.on('error', () => channel.exit(127));
  for (const stream of [channel, child.stdin]) stream.on('error', () => undefined);
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  channel.on('close', () => child.kill());
  child.on('close', (code) => {
    channel.exit(code ?? 1);
    channel.end();
  });
}

async function seed(folder: string): Promise<void> {
  await git(folder, ['init', '--quiet', '--bare', '--template=', '--initial-branch=main', '.']);
  const blob = await git(folder, ['hash-object', '-w', '--stdin'], '# demo\n');
  const tree = await git(folder, ['mktree'], `100644 blob ${blob.trim()}\tREADME.md\n`);
  const commit = await git(folder, ['commit-tree', tree.trim(), '-m', 'first commit']);
  await git(folder, ['update-ref', 'refs/heads/main', commit.trim()]);
}

async function git(folder: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn('git', args, { cwd: folder, env: cleanEnv(), stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (code !== 0) throw new Error(`git ${args[0] ?? ''} failed: ${stderr.trim()}`);
  return stdout;
}

/** Nothing of the operator's git configuration plays a part. */
const cleanEnv = (): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'demo',
  GIT_AUTHOR_EMAIL: 'demo@demo.test',
  GIT_COMMITTER_NAME: 'demo',
  GIT_COMMITTER_EMAIL: 'demo@demo.test',
});
