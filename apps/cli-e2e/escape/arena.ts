import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { egressGateway } from '@bot-bottle/backend-docker';
import { z } from 'zod';
import { createUpstream, type Upstream } from '../../../sidecars/git-gate/test/support/sshd.ts';
import { makeServerCertificate } from '../test/support/certificates.ts';
import { engineEnv } from '../test/support/docker-engine.ts';
import { eventually } from '../test/support/eventually.ts';
import { filesHolding, plantedSecret } from '../test/support/secrets.ts';
import { World, type CliOptions, type Outcome } from '../test/support/world.ts';
import { witnessNames, type WitnessName } from './attack.ts';
import { bottleText, settingsText } from './bottle.ts';
import { neighbourPort, ownLoopback, type Facts } from './facts.ts';
import { InsideBottle } from './inside-bottle.ts';
import { addressesOf, docker, useResolver, withResolver } from './own-resolver.ts';
import type { Step } from './step.ts';
import type { Subject } from './subject.ts';
import { Decoys } from './witnesses/decoys.ts';
import { Relay } from './witnesses/relay.ts';
import { startResolver } from './witnesses/resolver.ts';
import { NotingUpstream } from './witnesses/upstream.ts';
import { startWire } from './witnesses/wire.ts';
import type { Witness } from './witnesses/witness.ts';
import { zoneOf } from './zone.ts';

const START_MS = 240_000;
const certificateNames = ['*.e2e.test', '*.wild.e2e.test', '*.rebind.e2e.test', '*.ssrf.e2e.test'];
const listen = `require('node:net').createServer((s) => { console.log('hit'); s.on('error', () => {}); s.end('other bottle') }).listen(${neighbourPort}, '0.0.0.0', () => console.log('listening'))`;

/** Notes of each witness at one moment. */
export type Snapshot = ReadonlyMap<WitnessName, readonly string[]>;

/** Everything that one subject needs: a bottle to attack, another one beside it, and witnesses on the host. */
export class Arena {
  readonly world: World;
  readonly subject: Subject;
  /** the credential of the routes, which no output may hold */
  readonly token = plantedSecret('tok');
  /** an env secret of the bottle: the agent has it, and it must not leave */
  readonly envSecret = plantedSecret('env');
  /** a secret in a file of the operator */
  readonly hostSecret = plantedSecret('host');
  readonly #dir = mkdtempSync(path.join(tmpdir(), 'bb-escape-'));
  readonly #witnesses = new Map<WitnessName, Witness>();
  readonly #closing: Array<() => void | Promise<void>> = [];
  #facts: Facts | null = null;
  #inside: InsideBottle | null = null;

  private constructor(subject: Subject) {
    this.subject = subject;
    this.world = new World(subject.operator);
    chmodSync(this.#dir, 0o755);
  }

  static async open(subject: Subject): Promise<Arena> {
    const arena = new Arena(subject);
    try {
      await arena.#open();
      return arena;
    } catch (error) {
      await arena.close();
      throw error;
    }
  }

  get facts(): Facts {
    if (this.#facts === null) throw new Error('the arena is not open');
    return this.#facts;
  }

  /** Why this witness cannot be had here, null when it is there. */
  missing(name: WitnessName): string | null {
    return this.#witnesses.has(name) ? null : `the witness "${name}" needs root on this host`;
  }

  /** What every witness has noted so far. */
  async snapshot(): Promise<Snapshot> {
    const all = await Promise.all(
      witnessNames.map(async (name) => [name, [...(await this.notes(name))]] as const),
    );
    return new Map(all);
  }

  /** What the launcher of the bottle printed as messages. */
  said(): string {
    return this.#inside?.said() ?? '';
  }

  async notes(name: WitnessName): Promise<readonly string[]> {
    return (await this.#witnesses.get(name)?.notes()) ?? [];
  }

  /** Makes one step in the bottle. */
  async run(step: Step): Promise<string> {
    if (this.#inside === null) throw new Error('the arena is not open');
    return await this.#inside.run(step);
  }

  /** Resolves when the launcher of the bottle has ended. */
  async ended(): Promise<void> {
    await eventually('the launcher ends', () => this.#inside?.hasEnded() === true, 60_000);
  }

  /** Runs the CLI as the operator. */
  async cli(args: readonly string[], options: CliOptions = {}): Promise<Outcome> {
    return await this.world.cli(args, { timeoutMs: START_MS, ...options, env: this.#env });
  }

  get #env(): Record<string, string> {
    return { ...engineEnv, E2E_TOKEN: this.token, E2E_ENV: this.envSecret };
  }

  async #open(): Promise<void> {
    const { world, subject } = this;
    const nonce = `n${randomBytes(6).toString('hex')}`;
    const isDocker = subject.backend === 'docker';
    const upstream = isDocker ? await egressGateway({ env: { ...process.env } }) : '127.0.0.1';
    const decoy = isDocker ? addressOfBridge() : '127.0.0.2';
    const resolver = isDocker ? upstream : ownLoopback;

    const certificate = makeServerCertificate(this.#dir, certificateNames);
    chmodSync(certificate.caFile, 0o644);
    const server = new NotingUpstream(certificate);
    this.#witness('upstream', server);
    const port = await server.listen(upstream);

    const decoys = new Decoys();
    this.#witness('decoy', decoys);
    await decoys.listen({ host: decoy, port });
    const decoyPort = await decoys.listen({ host: '::', port: 0 });
    const udpPort = await decoys.listenUdp();

    const sockets = new Decoys();
    this.#witness('unix', sockets);
    const socketPath = path.join(this.#dir, 'service.sock');
    await sockets.listen({ path: socketPath });
    await sockets.listen({ path: `\0bot-bottle-${nonce}` });

    const isRoot = process.getuid?.() === 0;
    if (isRoot) {
      this.#witness('resolver', await startResolver(resolver, zoneOf(upstream, decoy)));
      this.#witness('wire', await startWire(nonce));
    }
    const remote = await this.#startRemote(upstream);
    const hostFile = this.#plantFiles();
    const planted = path.join(this.#dir, 'planted');
    this.#witness('files', { notes: () => (existsSync(planted) ? ['planted'] : []), close: () => {} });

    const reach = { backend: subject.backend, port, upstream, decoyPort, caFile: certificate.caFile };
    world.write('settings.yml', settingsText(reach));
    const identity = world.write('keys/project', remote.upstream.clientKey);
    world.bottle('attacked', bottleText(reach, { ...remote, identity }));
    world.agent('worker', 'attacked');
    world.bottle('beside', 'agent_provider: { template: command }\nsupervise: false');
    world.agent('neighbour', 'beside');

    const neighbours = await this.#startNeighbour();
    const slug = await this.#startBottle(isRoot ? resolver : null);
    this.#facts = {
      backend: subject.backend,
      nonce,
      port,
      upstream,
      decoy,
      decoyPort,
      udpPort,
      hostAddresses: hostAddresses(),
      resolver,
      socketPath,
      abstractName: `bot-bottle-${nonce}`,
      hostFile,
      planted,
      neighbours,
      gitUrl: remote.url,
      slug,
      botBottleHome: world.botBottleHome,
    };
  }

  #witness(name: WitnessName, witness: Witness): void {
    this.#witnesses.set(name, witness);
    this.#closing.push(() => witness.close());
  }

  /** A real SSH server with one repository; the relay is where sidecars reach it. */
  async #startRemote(address: string): Promise<{ url: string; hostKey: string; upstream: Upstream }> {
    const upstream = await createUpstream();
    this.#closing.push(() => upstream.stop());
    await upstream.addRepo('project');
    const relay = new Relay(upstream.port);
    this.#closing.push(() => relay.close());
    const port = await relay.listen(address);
    const notes = async (): Promise<readonly string[]> => {
      const refs = [...(await upstream.refs('project'))].map(([ref, oid]) => `${ref} ${oid}`);
      const objects = await upstream.git('project', 'cat-file', '--batch-all-objects', '--batch-check');
      return [...refs, ...objects.split('\n')];
    };
    this.#witness('remote', { notes, close: () => {} });
    const url = `ssh://${upstream.user}@${address}:${port}${upstream.repoPath('project')}`;
    return { url, hostKey: upstream.hostKey, upstream };
  }

  /** A private file in the operator's home. */
  #plantFiles(): string {
    const { operator } = this.world;
    const folder = path.join(this.world.home, '.ssh');
    mkdirSync(folder, { mode: 0o700 });
    chownSync(folder, operator.uid, operator.uid);
    const made = this.world.write('../.ssh/id_ed25519', `${this.hostSecret}\n`);
    return path.resolve(made);
  }

  async #startNeighbour(): Promise<readonly string[]> {
    const child = this.world.start(
      ['run', 'neighbour', '--backend', this.subject.backend, '--yes', '--', 'node', '-e', listen],
      { env: engineEnv },
    );
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const isUp = (): boolean => {
      if (child.exitCode !== null) throw new Error(`the neighbour does not start: ${stderr}`);
      return stdout.includes('listening');
    };
    await eventually('the neighbour listens', isUp, START_MS);
    this.#witness('neighbour', { notes: () => stdout.split('\n').slice(1, -1), close: () => {} });
    if (this.subject.backend !== 'docker') return ['127.0.0.1'];
    const [slug = ''] = await this.#slugs();
    return [`bot-bottle-${slug}`, `bot-bottle-${slug}-egress`].flatMap(addressesOf);
  }

  async #startBottle(resolver: string | null): Promise<string> {
    const { world, subject } = this;
    const before = await this.#slugs();
    const project = path.join(world.home, 'project');
    mkdirSync(project);
    const driver = path.join(project, 'driver.mts');
    copyFileSync(path.join(import.meta.dirname, 'inside/driver.mts'), driver);
    for (const made of [project, driver]) chownSync(made, subject.operator.uid, subject.operator.uid);
    const guest = ['node', '/home/node/workspace/driver.mts'];
    const args = ['run', 'worker', '--backend', subject.backend, '--yes', '--cwd', '--', ...guest];
    const isOwn = resolver !== null && subject.backend === 'bubblewrap';
    const through = isOwn ? withResolver(this.#dir, resolver, subject.operator.uid) : [];
    const child = world.start(args, { env: this.#env, cwd: project, through });
    this.#inside = new InsideBottle(child);
    await this.#inside.ready(START_MS);
    const slug = (await this.#slugs()).find((each) => !before.includes(each)) ?? '';
    if (resolver !== null && subject.backend === 'docker') useResolver(`bot-bottle-${slug}-egress`, resolver);
    return slug;
  }

  async #slugs(): Promise<string[]> {
    const { stdout } = await this.cli(['list', 'active', '--json']);
    return (JSON.parse(stdout) as Array<{ identity: string }>).map(({ identity }) => identity);
  }

  /** Records below `~/.bot-bottle` that hold a secret which must never be written. */
  leftSecrets(): string[] {
    // The agent's own home below state is its own: full of links, and it may write there what it has.
    const folders = ['audit', 'queue', 'agents', 'bottles']
      .map((name) => path.join(this.world.botBottleHome, name))
      .filter((folder) => existsSync(folder));
    return [this.token, this.envSecret].flatMap((secret) => filesHolding(secret, folders));
  }

  async close(): Promise<void> {
    const slugs = await this.#slugs().catch(() => []);
    if (slugs.length > 0) await this.cli(['stop', ...slugs]);
    await this.world.close();
    for (const close of this.#closing.toReversed()) await close();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

const interfacesSchema = z.array(z.object({ addr_info: z.array(z.object({ local: z.ipv4() })) }));

/** The address of this host on the engine's default network, where nothing of a bottle has business. */
function addressOfBridge(): string {
  const option = '{{index .Options "com.docker.network.bridge.name"}}';
  const name = docker('network', 'inspect', 'bridge', '--format', option);
  // Node leaves out interfaces without a carrier, as this one is while no container uses it.
  const text = execFileSync('ip', ['-json', '-4', 'address', 'show', 'dev', name], { encoding: 'utf8' });
  const [address] = interfacesSchema.parse(JSON.parse(text)).flatMap(({ addr_info: all }) => all);
  if (address === undefined) throw new Error(`this host has no address on ${name}`);
  return address.local;
}

function hostAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter(({ scopeid }) => scopeid === undefined || scopeid === 0)
    .map(({ address }) => address);
}
