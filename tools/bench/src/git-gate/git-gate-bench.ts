import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../../../sidecars/git-gate/test/support/required.ts';
import { createUpstream, sshd, type Upstream } from '../../../../sidecars/git-gate/test/support/sshd.ts';
import type { BenchRow } from '../bench-row.ts';
import { median, timedRun } from '../start-up/timed-run.ts';
import { startGate, type GateProcess } from './gate-process.ts';
import { fillWithBlobs, git, makeCommits } from './sample-history.ts';

const COMMITS = 1000;
const ROUNDS = 5;
const SMALL_ROUNDS = 9;
const CLONE_MIB = 500;
const CLIENTS = 8;
const peer = 'git over SSH';

/** The gate against plain git over SSH to the same server, in turn. */
export async function gitGateBench(): Promise<BenchRow[]> {
  const gitleaks = findProgram('gitleaks');
  const [gitProgram, ssh] = [findProgram('git'), findProgram('ssh')];
  if (sshd === null || gitProgram === null || ssh === null)
    return [
      { name: 'git gate', value: Number.NaN, unit: 'ms', ok: null, note: 'git, ssh or sshd is missing' },
    ];
  const folder = await mkdtemp(join(tmpdir(), 'git-gate-bench-'));
  // as a forge has it: the quick key exchange of the tests would flatter the plain push
  const upstream = await createUpstream({ everyKeyExchange: true });
  const rows: BenchRow[] = [];
  try {
    const scanners = gitleaks === null ? (['builtin'] as const) : (['builtin', 'gitleaks'] as const);
    for (const scanner of scanners) {
      const bench = new Bench(upstream, join(folder, scanner), {
        programs: { git: gitProgram, ssh, gitleaks },
        scanner,
      });
      rows.push(...(await bench.run()));
    }
    if (gitleaks === null)
      rows.push({
        name: 'push through gitleaks',
        value: Number.NaN,
        unit: 'ms',
        ok: null,
        note: 'gitleaks is missing',
      });
    return rows;
  } finally {
    await upstream.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

type GateSetup = Pick<Parameters<typeof startGate>[0], 'programs' | 'scanner'>;

class Bench {
  readonly #upstream: Upstream;
  readonly #folder: string;
  readonly #options: GateSetup;
  #gate: GateProcess | null = null;
  #env: Record<string, string> = {};

  constructor(upstream: Upstream, folder: string, options: GateSetup) {
    this.#upstream = upstream;
    this.#folder = folder;
    this.#options = options;
  }

  async run(): Promise<BenchRow[]> {
    const { scanner } = this.#options;
    await mkdir(this.#folder, { recursive: true });
    await this.#useKey();
    const rounds = Array.from({ length: ROUNDS }, (_, index) => `${scanner}-${index}`);
    const repos = [...rounds.map((name) => `gate-${name}`), `small-${scanner}`, `big-${scanner}`];
    for (const name of [...rounds.map((each) => `plain-${each}`), ...rounds.map((each) => `gate-${each}`)])
      await this.#upstream.addRepo(name, { commits: [] });
    for (const name of [`small-${scanner}`, `plain-small-${scanner}`]) await this.#upstream.addRepo(name);
    await this.#upstream.addRepo(`big-${scanner}`, { commits: [] });
    this.#gate = await startGate({
      upstream: this.#upstream,
      folder: join(this.#folder, 'gate'),
      repos,
      ...this.#options,
    });
    try {
      const rows = [...(await this.#manyCommits(rounds)), ...(await this.#oneCommit())];
      // what a fetch costs does not depend on the scanner
      if (scanner === 'builtin') rows.push(...(await this.#clone()), ...(await this.#fetches()));
      return rows;
    } finally {
      await this.#gate.close();
    }
  }

  async #manyCommits(rounds: readonly string[]): Promise<BenchRow[]> {
    const work = join(this.#folder, 'work');
    await mkdir(work);
    await makeCommits(work, COMMITS);
    const plain: number[] = [];
    const gate: number[] = [];
    const scanning: number[] = [];
    for (const round of rounds) {
      plain.push(await this.#push(work, this.#upstream.repoUrl(`plain-${round}`), 'main'));
      const before = this.#gateEvents().length;
      gate.push(await this.#push(work, this.#gateUrl(`gate-${round}`), 'main'));
      scanning.push(this.#scannerMs(before));
    }
    const [value, peerValue] = [median(gate.map((ms, index) => ms - (scanning[index] ?? 0))), median(plain)];
    const { scanner } = this.#options;
    return [
      {
        name: `push of ${COMMITS} commits, without the scanner's time (${scanner})`,
        value,
        unit: 'ms',
        peer,
        peerValue,
        ratio: value / peerValue,
        budget: '≤ 2.0 ×',
        ok: value / peerValue <= 2,
        note: `medians of ${ROUNDS}; ${Math.round(median(gate))} ms with the scanner's ${Math.round(median(scanning))} ms`,
      },
    ];
  }

  async #oneCommit(): Promise<BenchRow[]> {
    const { scanner } = this.#options;
    const plain: number[] = [];
    const gate: number[] = [];
    const targets = [
      { name: `plain-small-${scanner}`, url: this.#upstream.repoUrl(`plain-small-${scanner}`), times: plain },
      { name: `small-${scanner}`, url: this.#gateUrl(`small-${scanner}`), times: gate },
    ];
    for (const { name, url } of targets) await this.#git(this.#folder, ['clone', '-q', url, name]);
    for (let round = 0; round <= SMALL_ROUNDS; round += 1) {
      for (const { name, url, times } of targets) {
        const work = join(this.#folder, name);
        await writeFile(join(work, 'change.txt'), `change ${round}\n`);
        await git(work, ['add', '.']);
        await git(work, [
          '-c',
          'user.name=Bench',
          '-c',
          'user.email=b@example.com',
          'commit',
          '-qm',
          'change',
        ]);
        const ms = await this.#push(work, url, 'HEAD:refs/heads/main');
        // the first one warms up
        if (round > 0) times.push(ms);
      }
    }
    const [value, peerValue] = [median(gate), median(plain)];
    return [
      {
        name: `push of one commit (${scanner})`,
        value,
        unit: 'ms',
        peer,
        peerValue,
        ratio: value / peerValue,
        budget: '≤ +300 ms',
        ok: value - peerValue <= 300,
        note: `medians of ${SMALL_ROUNDS}; +${Math.round(value - peerValue)} ms, the scanner included`,
      },
    ];
  }

  async #clone(): Promise<BenchRow[]> {
    const name = `big-${this.#options.scanner}`;
    await fillWithBlobs(this.#upstream.repoPath(name), CLONE_MIB);
    const clone = async (url: string, target: string): Promise<number> => {
      const ms = await this.#timed(this.#folder, ['clone', '-q', '--bare', url, target]);
      await rm(join(this.#folder, target), { recursive: true, force: true });
      return ms;
    };
    const plain = await clone(this.#upstream.repoUrl(name), 'plain-clone');
    const cold = await clone(this.#gateUrl(name), 'cold-clone');
    const warm = await clone(this.#gateUrl(name), 'warm-clone');
    const row = (what: string, value: number): BenchRow => ({
      name: `clone of ${CLONE_MIB} MiB, ${what}`,
      value,
      unit: 'ms',
      peer,
      peerValue: plain,
      ratio: value / plain,
      ok: null,
    });
    return [row('first (fills the mirror)', cold), row('again', warm)];
  }

  async #fetches(): Promise<BenchRow[]> {
    const name = `small-${this.#options.scanner}`;
    const measure = async (url: string, prefix: string): Promise<number> => {
      const works = Array.from({ length: CLIENTS }, (_, index) => `${prefix}-${index}`);
      for (const work of works)
        await this.#git(this.#folder, ['clone', '-q', '--bare', '--depth=1', url, work]);
      const times: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const began = performance.now();
        await Promise.all(
          works.map((work) => this.#timed(join(this.#folder, work), ['fetch', '-q', url, 'main'])),
        );
        times.push(performance.now() - began);
      }
      return median(times);
    };
    const peerValue = await measure(this.#upstream.repoUrl(name), 'fetch-plain');
    const value = await measure(this.#gateUrl(name), 'fetch-gate');
    return [
      {
        name: `${CLIENTS} concurrent fetches`,
        value,
        unit: 'ms',
        peer,
        peerValue,
        ratio: value / peerValue,
        ok: null,
        note: `medians of ${ROUNDS}, all done`,
      },
    ];
  }

  #push(work: string, url: string, refspec: string): Promise<number> {
    return this.#timed(work, ['push', '-q', url, refspec]);
  }

  #timed(cwd: string, args: readonly string[]): Promise<number> {
    return timedRun({ argv: [this.#options.programs.git, ...args], env: this.#env, cwd });
  }

  async #git(cwd: string, args: readonly string[]): Promise<void> {
    await this.#timed(cwd, args);
  }

  #gateUrl = (name: string): string => `${this.#gate?.origin ?? ''}/${name}.git`;
  #gateEvents = () => this.#gate?.events ?? [];

  /** The time in the scanner of the push that began after `before` events. */
  #scannerMs(before: number): number {
    const pushes = this.#gateEvents()
      .slice(before)
      .filter(({ action }) => action === 'push');
    const times = pushes.map(({ details }) => details['scanner_ms']).filter((ms) => typeof ms === 'number');
    const [ms] = times;
    if (ms === undefined) throw new Error('the gate did not say how long it scanned');
    return ms;
  }

  async #useKey(): Promise<void> {
    const [key, known] = [join(this.#folder, 'key'), join(this.#folder, 'known_hosts')];
    await writeFile(key, this.#upstream.clientKey, { mode: 0o600 });
    await writeFile(known, `[${this.#upstream.host}]:${this.#upstream.port} ${this.#upstream.hostKey}\n`);
    this.#env = {
      PATH: '/usr/bin:/bin',
      HOME: this.#folder,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_SSH_COMMAND: `ssh -F /dev/null -i ${key} -o UserKnownHostsFile=${known} -o StrictHostKeyChecking=yes -o BatchMode=yes -o IdentitiesOnly=yes`,
    };
  }
}
