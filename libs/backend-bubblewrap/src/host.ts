import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  BackendError,
  guardName,
  removeTree,
  type Bottle,
  type BottleHost,
  type BottleSpec,
  type HelperName,
  type SidecarName,
  type SidecarProcess,
  type SidecarSpec,
} from '@bot-bottle/backend';
import { BubblewrapBottle } from './bottle.ts';
import { inheritedDescriptors } from './bwrap/inherited-descriptors.ts';
import { processTree } from './bwrap/process-table.ts';
import { LAST_OWN_DESCRIPTOR, type SandboxProcess, startSandbox } from './bwrap/sandbox-process.ts';
import type { InitChannel } from './channel/init-channel.ts';
import { codeCache } from './code-cache.ts';
import { endSandboxes } from './end-sandboxes.ts';
import { bridgePorts, ownDir, socketPath, socketsDir } from './guest-layout.ts';
import { botBottleHomeOf, type HomeFolder, openHome } from './home-folder.ts';
import { ensureOwnFolder, type HostFolders } from './host-folders.ts';
import { callersUser, type HostUser, type HostUsers, takeHostUsers } from './host-users.ts';
import { limitCommand } from './limits.ts';
import { nodeCopy } from './node-copy.ts';
import { initFiles } from './own-files.ts';
import { exposePrograms } from './programs/expose-programs.ts';
import { forbiddenFolders } from './programs/forbidden-folders.ts';
import { cachedCopy } from './programs/program-cache.ts';
import { readableByOthers } from './programs/readable-by-others.ts';
import { sidecarPrograms } from './programs/sidecar-programs.ts';
import { makeRuntimeFolder } from './runtime-folder.ts';
import { isAlive, ownMark, type ProcessMark, readRecord, writeRecord } from './runtime-record.ts';
import { agentArgs } from './rootfs/agent-args.ts';
import { etcFiles } from './rootfs/etc-files.ts';
import { hostsFile } from './rootfs/hosts-file.ts';
import { isFirstProcess, sidecarArgs, sidecarCommand } from './rootfs/sidecar-args.ts';
import { openScratch, removeScratch, type ScratchPlace } from './scratch-folder.ts';
import { seccompProgram } from './seccomp/filter.ts';
import { type Lures, openLures, proveIsolation } from './self-check.ts';
import { sidecarProcess } from './sidecar-process.ts';
import { openSocketFolder, type SocketFolder } from './socket-folder.ts';

export interface HostOptions {
  readonly bwrap: string;
  readonly folders: HostFolders;
}

/** One bottle on this host: a runtime folder, a sandbox for each sidecar, and one for the agent. */
export class BubblewrapHost implements BottleHost {
  readonly #spec: BottleSpec;
  readonly #options: HostOptions;
  readonly #folder: string;
  readonly #users: HostUsers;
  readonly #home: HomeFolder;
  readonly #sockets: ReadonlyMap<SidecarName, SocketFolder>;
  readonly #place: ScratchPlace;
  readonly #scratch = new Map<HelperName, Promise<string>>();
  readonly #sandboxes = new Set<SandboxProcess>();
  readonly #running = new Set<SandboxProcess>();
  readonly #marks: ProcessMark[] = [];
  readonly #seccomp = seccompProgram();
  #channel: InitChannel | null = null;
  #lures: Promise<Lures> | null = null;
  #recorded: Promise<void> = Promise.resolve();
  #closed: Promise<readonly string[]> | null = null;

  private constructor(
    spec: BottleSpec,
    options: HostOptions,
    parts: {
      folder: string;
      users: HostUsers;
      home: HomeFolder;
      sockets: ReadonlyMap<SidecarName, SocketFolder>;
    },
  ) {
    this.#spec = spec;
    this.#options = options;
    this.#folder = parts.folder;
    this.#users = parts.users;
    this.#home = parts.home;
    this.#sockets = parts.sockets;
    const { identity, stateDir } = spec;
    this.#place = { identity, stateDir, homes: options.folders.homes };
  }

  /** @throws BackendError `launch_failed` when the bottle runs already */
  static async open(spec: BottleSpec, options: HostOptions): Promise<BubblewrapHost> {
    const { folders } = options;
    const otherUser = folders.homes !== null;
    await ensureOwnFolder(folders.runtime, otherUser ? 0o711 : 0o700);
    const folder = join(folders.runtime, spec.identity);
    const earlier = await readRecord(folder);
    if (earlier !== null && isAlive(earlier.owner))
      throw new BackendError('launch_failed', `${spec.identity} runs already`, {
        data: { pid: earlier.owner.pid },
      });
    // what it runs could still write to the home that is used again
    await endSandboxes(earlier?.sandboxes ?? [], spec.identity);
    await removeTree(folder);
    const record = { identity: spec.identity, stateDir: spec.stateDir, owner: ownMark(), sandboxes: [] };
    await makeRuntimeFolder(folder, otherUser ? 0o711 : 0o700, record);
    let users = callersUser;
    try {
      if (otherUser) users = await takeHostUsers(join(folders.runtime, '.users'), spec.identity);
      const agent = users.agent();
      const place = { ...spec, homes: folders.homes, resumed: spec.resumed === true };
      const home = await openHome(place, agent);
      const sockets = new Map<SidecarName, SocketFolder>();
      for (const name of spec.sidecars)
        sockets.set(name, await openSocketFolder(folder, name, { sidecar: users.sidecar(name), agent }));
      return new BubblewrapHost(spec, options, { folder, users, home, sockets });
    } catch (error) {
      await users.release();
      await removeTree(folder);
      throw error;
    }
  }

  listenAddress(name: SidecarName): string {
    return `unix:${socketsDir}/${name}.sock`;
  }

  async startSidecar(spec: SidecarSpec): Promise<SidecarProcess> {
    const sockets = spec.name === guardName ? null : this.#sockets.get(spec.name);
    if (sockets === undefined)
      throw new BackendError('sidecar_failed', `this bottle has no sidecar ${spec.name}`, {
        data: { name: spec.name },
      });
    const { cache } = this.#options.folders;
    const user = this.#users.sidecar(spec.name);
    const [node, program, programs, users, hosts, scratch] = await Promise.all([
      nodeCopy(cache),
      this.#readable(spec.program),
      sidecarPrograms(spec.programs, (path) => this.#readable(path)),
      spec.programs.length === 0 ? null : this.#userFiles(spec.name),
      spec.hosts === undefined ? null : this.#hostsFile(spec.name, spec.hosts),
      spec.scratch ? this.#scratchOf(spec.name, user) : null,
    ]);
    const socketFolder = sockets?.path ?? null;
    const root = {
      node,
      program,
      sockets: socketFolder,
      programs: [],
      users: null,
      hosts: null,
      scratch: null,
    };
    const { bwrap } = this.#options;
    const compiled = await codeCache(spec, root, { folder: cache, bwrap, seccomp: this.#seccomp, user });
    const sandbox = this.#start({
      args: sidecarArgs(spec, {
        ...root,
        programs,
        users,
        hosts,
        scratch,
        codeCache: compiled === null ? null : { folder: compiled, writable: false },
      }),
      command: sidecarCommand(spec),
      user,
      channel: false,
    });
    return sidecarProcess(sandbox, isFirstProcess(spec));
  }

  /** The same folder for every life of the sidecar. */
  #scratchOf(name: HelperName, user: HostUser | null): Promise<string> {
    const opened = this.#scratch.get(name) ?? openScratch(this.#place, name, user);
    this.#scratch.set(name, opened);
    return opened;
  }

  async #userFiles(name: HelperName): Promise<string> {
    const folder = join(this.#folder, `${name}-users`);
    const { passwd, group } = etcFiles([]);
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await Promise.all(
      Object.entries({ passwd, group }).map(([file, text]) =>
        writeFile(join(folder, file), text ?? '', { mode: 0o644 }),
      ),
    );
    return folder;
  }

  async #hostsFile(name: HelperName, hosts: Readonly<Record<string, string>>): Promise<string> {
    const path = join(this.#folder, `${name}-hosts`);
    const old = await readFile('/etc/hosts', 'utf8').catch(() => '');
    await writeFile(path, hostsFile(old, hosts), { mode: 0o644 });
    return path;
  }

  async startBottle(): Promise<Bottle> {
    const { identity, stateDir, sidecars, resources } = this.#spec;
    const { cache, homes } = this.#options.folders;
    const files = etcFiles(sidecars);
    const etc = join(this.#folder, 'etc');
    const init = initFiles();
    const writeEtc = async () => {
      await mkdir(etc, { mode: 0o755 });
      await Promise.all(
        Object.entries(files).map(([name, text]) => writeFile(join(etc, name), text, { mode: 0o644 })),
      );
    };
    const [programs, node, own] = await Promise.all([
      exposePrograms({
        programs: this.#spec.programs,
        programDirs: this.#spec.programDirs,
        forbidden: forbiddenFolders(homedir(), botBottleHomeOf(stateDir)),
        cache,
        otherUser: homes !== null,
      }),
      nodeCopy(cache),
      this.#ownFiles(init.own),
      writeEtc(),
    ]);
    const bridges = sidecars.map((name) => ({ port: bridgePorts[name], path: socketPath(name) }));
    const sandbox = this.#start({
      args: agentArgs({
        home: this.#home.path,
        etc,
        etcNames: Object.keys(files),
        sockets: [...this.#sockets].map(([name, { path }]) => ({ name, folder: path })),
        programs,
        own: { ...own, node },
      }),
      command: [
        ...limitCommand(resources),
        `${ownDir}/node`,
        '--disable-sigusr1',
        init.main,
        JSON.stringify(bridges),
        JSON.stringify(inheritedDescriptors().filter((fd) => fd > LAST_OWN_DESCRIPTOR)),
      ],
      user: this.#users.agent(),
      channel: true,
    });
    this.#lures = openLures();
    // told by the self-check
    this.#lures.catch(() => {});
    const bottle = await BubblewrapBottle.start(sandbox, { identity, workdir: this.#spec.workdir });
    this.#channel = bottle.channel;
    return bottle;
  }

  async selfCheck(): Promise<void> {
    if (this.#channel === null) throw new BackendError('self_check_failed', 'the bottle is not started');
    const opened = this.#lures ?? openLures();
    this.#lures = null;
    const lures = await opened;
    try {
      await proveIsolation(this.#channel, this.#spec.sidecars, lures);
    } finally {
      lures.close();
    }
  }

  pids(): readonly number[] {
    return processTree([...this.#running].map(({ pid }) => pid));
  }

  close(): Promise<readonly string[]> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<readonly string[]> {
    const failures: string[] = [];
    const step = async (what: string, act: () => void | Promise<void>) => {
      try {
        await act();
      } catch (error) {
        failures.push(
          `${this.#spec.identity}: ${what}: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    };
    await Promise.all([...this.#sandboxes].map((sandbox) => step('end a process', () => sandbox.destroy())));
    void this.#lures?.then((lures) => lures.close()).catch(() => {});
    for (const folder of this.#sockets.values()) await step('stop watching a socket', () => folder.close());
    await step('finish the record', () => this.#recorded);
    await Promise.all([
      step('remove the home', () => this.#home.remove()),
      step('remove the folders of sidecars', async () => {
        // one that is being made would come after its removal
        await Promise.allSettled(this.#scratch.values());
        await removeScratch(this.#place);
      }),
      step('remove the runtime folder', () => removeTree(this.#folder)),
      step('give back users', () => this.#users.release()),
    ]);
    return failures;
  }

  #start(options: {
    args: readonly string[];
    command: readonly string[];
    user: ReturnType<HostUsers['agent']>;
    channel: boolean;
  }): SandboxProcess {
    if (this.#closed !== null) throw new BackendError('launch_failed', 'the bottle is being closed');
    const sandbox = startSandbox({ ...options, bwrap: this.#options.bwrap, seccomp: this.#seccomp });
    this.#sandboxes.add(sandbox);
    this.#running.add(sandbox);
    void sandbox.exited.then(() => this.#running.delete(sandbox));
    const note = async ({ pid, startTime }: ProcessMark) => {
      this.#marks.push({ pid, startTime });
      await this.#record();
    };
    // failures to start are told by whoever waits for the sandbox
    sandbox.inner.then(note).catch(() => {});
    return sandbox;
  }

  #record(): Promise<void> {
    const { identity, stateDir } = this.#spec;
    const write = () =>
      writeRecord(this.#folder, {
        identity,
        stateDir,
        owner: ownMark(),
        sandboxes: this.#marks.filter(isAlive),
      });
    this.#recorded = this.#recorded.then(write);
    return this.#recorded;
  }

  /** Our own files as the bottle's user can read them. */
  async #ownFiles(files: Readonly<Record<string, string>>): Promise<Record<string, string>> {
    const entries = Object.entries(files).map(
      async ([name, path]) => [name, await this.#readable(path)] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  }

  async #readable(path: string): Promise<string> {
    const { cache, homes } = this.#options.folders;
    if (homes === null || readableByOthers(path)) return path;
    return await cachedCopy(path, { folder: cache, mode: 0o755 });
  }
}
