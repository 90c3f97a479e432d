import { join } from 'node:path';
import {
  isLive,
  mintAuthority,
  type Authority,
  type EgressConfigInput,
  type RouteTable,
} from '@bot-bottle/egress';
import {
  apiAllowlist,
  buildConfig,
  caKeySlot,
  changeAllowlist,
  isPassedThrough,
  passthroughDomains,
  sidecarFiles,
  type PipelockSidecarConfig,
} from '@bot-bottle/pipelock';
import { guardName, sidecarHome, sidecarProgram } from '../../contracts.ts';
import { BackendError } from '../../errors.ts';
import type { BottlePlan, GuardPlan } from '../../plan/bottle-plan.ts';
import type { SidecarSetup } from '../egress-config.ts';
import type { LiveRoutes, SendTable } from '../live-routes.ts';
import { coalesced } from './coalesced.ts';
import { freePort } from './free-port.ts';
import { GuardFile } from './guard-file.ts';

export type GuardedPlan = Pick<BottlePlan, 'identity' | 'stateDir' | 'sidecars'> & {
  readonly guard: GuardPlan;
};

export interface GuardFacts {
  readonly plan: GuardedPlan;
  readonly routes: Pick<LiveRoutes, 'view'>;
  /** PEM bundle trusted besides the system's roots */
  readonly extraCa: string | null;
  readonly onWarning: (message: string) => void;
}

/** Starts the guard anew with what `setup` gives then, and tells whether it serves. */
export type RestartGuard = () => Promise<boolean>;

/** The owner's side of pipelock: its configuration, and the hosts that it lets through. */
export class Guard {
  readonly #facts: GuardFacts;
  readonly #authority: Authority;
  readonly #listen: string;
  readonly #file: GuardFile;
  /** hosts that a human let pass besides those of the routes */
  readonly #extra = new Set<string>();
  readonly #apply: () => Promise<void>;
  #restart: RestartGuard | null = null;

  private constructor(facts: GuardFacts, authority: Authority, listen: string) {
    this.#facts = facts;
    this.#authority = authority;
    this.#listen = listen;
    const folder = sidecarHome;
    const config = buildConfig({
      routes: facts.routes.view.table.routes,
      tlsPassthrough: facts.plan.guard.tlsPassthrough,
      supervise: this.#hasSupervise,
      ca: { cert: `${folder}/${sidecarFiles.caCert}`, key: `${folder}/${sidecarFiles.caKey}` },
    });
    this.#file = new GuardFile(join(facts.plan.stateDir, sidecarFiles.config), config);
    this.#apply = coalesced(() => this.#start());
  }

  static async open(facts: GuardFacts): Promise<Guard> {
    const [authority, port] = await Promise.all([
      mintAuthority({ bottle: `${facts.plan.identity} guard`, days: 30 }),
      freePort(),
    ]);
    return new Guard(facts, authority, `127.0.0.1:${port}`);
  }

  /** How egress reaches it, and where its certificates count. */
  get egress(): NonNullable<EgressConfigInput['guard']> {
    const { tls_interception: tls } = this.#file.read().config;
    return {
      url: `http://${this.#listen}`,
      ca: this.#authority.cert,
      passthrough_domains: tls?.passthrough_domains ?? [],
    };
  }

  /** What each life of the sidecar is configured with: the file as it is then. */
  setup(): SidecarSetup {
    const { plan, extraCa } = this.#facts;
    const config: PipelockSidecarConfig = {
      bottle: plan.identity,
      program: sidecarProgram(plan.guard.program),
      folder: sidecarHome,
      listen: this.#listen,
      config: this.#file.read().text,
      ca_cert: this.#authority.cert,
      extra_ca: extraCa,
    };
    return { config, secrets: { [caKeySlot]: this.#authority.key } };
  }

  /** Names what starts the sidecar anew from now on. */
  connect(restart: RestartGuard): void {
    this.#restart = restart;
  }

  /** Hosts that it lets through. */
  get hosts(): readonly string[] {
    return this.#file.read().config.api_allowlist;
  }

  /**
   * Lets one more host through until the bottle ends.
   *
   * @throws PipelockError for what is no host, BackendError `sidecar_failed`: the old list stays in force
   */
  async allow(host: string): Promise<void> {
    const isNew = !this.#extra.has(host);
    this.#extra.add(host);
    try {
      await this.#use([...this.hosts, host]);
    } catch (error) {
      if (isNew) this.#extra.delete(host);
      throw error;
    }
  }

  /**
   * Sends tables to egress so that the guard never stands in the way of a route: it lets new hosts through before egress
   * does, and old ones no more afterwards. Tables that would show it a credential are refused.
   */
  around(send: SendTable): SendTable {
    return async (table, signal) => {
      this.#refuseShown(table);
      const wanted = apiAllowlist({ ...this.#rows(table), extraHosts: [...this.#extra] });
      if (wanted.length === 0)
        throw new BackendError('invalid_request', 'the guard needs at least one host that it lets through');
      const added = wanted.filter((host) => !this.hosts.includes(host));
      if (added.length > 0) await this.#use([...this.hosts, ...added]);
      const digest = await send(table, signal);
      if (wanted.length < this.hosts.length)
        await this.#use(wanted).catch((error: unknown) => {
          const why = error instanceof Error ? error.message : 'unknown failure';
          this.#facts.onWarning(`pipelock still lets hosts through that egress denies: ${why}`);
        });
      return digest;
    };
  }

  get #hasSupervise(): boolean {
    return this.#facts.plan.sidecars.includes('supervise');
  }

  #rows(table: RouteTable): { readonly routes: RouteTable['routes']; readonly supervise: boolean } {
    const { now } = this.#facts.routes.view;
    return { routes: table.routes.filter((route) => isLive(route, now)), supervise: this.#hasSupervise };
  }

  /** What it opens is settled when the bottle starts, and egress would add the credential to what is opened. */
  #refuseShown(table: RouteTable): void {
    const { passthrough_domains: closed } = this.egress;
    const shown = passthroughDomains({ routes: table.routes, tlsPassthrough: [] }).filter(
      (host) => !isPassedThrough(closed, host),
    );
    if (shown.length === 0) return;
    throw new BackendError(
      'invalid_request',
      `pipelock opens the TLS of ${shown.join(', ')}: it would read the credential of that route`,
      {
        hint: 'declare the route in the manifest and start the bottle anew, or give it without a credential',
      },
    );
  }

  /**
   * Writes the list and starts pipelock anew with it; a list that it does not come up with is taken back. Only what this
   * call changed: another one may have written meanwhile, and what both take back must not come back.
   */
  async #use(hosts: readonly string[]): Promise<void> {
    const { text, config } = this.#file.read();
    const changed = changeAllowlist(text, hosts);
    if (changed === text) return;
    this.#file.write(changed);
    try {
      await this.#apply();
    } catch (error) {
      const taken = config.api_allowlist.filter((host) => !hosts.includes(host));
      const added = hosts.filter((host) => !config.api_allowlist.includes(host));
      const kept = this.hosts.filter((host) => !added.includes(host));
      this.#file.write(changeAllowlist(this.#file.read().text, [...kept, ...taken]));
      // It is down, so nothing passes; the supervisor goes on trying with what the file says now.
      await this.#apply().catch(() => undefined);
      throw error;
    }
  }

  async #start(): Promise<void> {
    if (this.#restart !== null && (await this.#restart())) return;
    throw new BackendError(
      'sidecar_failed',
      `the sidecar ${guardName} does not serve with the new list of hosts`,
    );
  }
}
