import {
  EgressError,
  grantRows,
  isLive,
  monotonicClock,
  parseTable,
  routeToFields,
  tableDigest,
  type EffectiveRoutes,
  type Route,
  type RouteTable,
} from '@bot-bottle/egress';
import { canonicalJson, SuperviseError, type Grant } from '@bot-bottle/supervise';

/** Puts a table into force and resolves with the digest that egress confirms; rejects when it is not in force. */
export type SendTable = (table: RouteTable, signal: AbortSignal) => Promise<string | null>;

/** Milliseconds that egress gets to take the old table again. */
const RESTORE_MS = 15_000;

/** What an operator sees of the routes of a running bottle. */
export interface RoutesView {
  readonly table: RouteTable;
  /** of the table: a change names it, so that it is made to what was seen */
  readonly digest: string;
  /** the owner's time, milliseconds since the epoch: what `expires_at` is compared with */
  readonly now: number;
  /** which host variable each token slot was read from */
  readonly slots: EffectiveRoutes['slots'];
}

/** The route table of a running bottle: the owner's word, of which egress has a copy. Changes are made one by one. */
export class LiveRoutes {
  readonly #slots: EffectiveRoutes['slots'];
  readonly #now: () => number;
  #table: RouteTable;
  #send: SendTable | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(routes: Pick<EffectiveRoutes, 'table' | 'slots'>, now: () => number = monotonicClock()) {
    this.#table = routes.table;
    this.#slots = routes.slots;
    this.#now = now;
  }

  get view(): RoutesView {
    return { table: this.#table, digest: tableDigest(this.#table), now: this.#now(), slots: this.#slots };
  }

  /** Names the egress that takes tables from now on. */
  connect(send: SendTable): void {
    this.#send = send;
  }

  /**
   * The table as it would be with a grant.
   *
   * @throws SuperviseError `invalid_grant`
   */
  withGrant(grant: Grant): RouteTable {
    const now = this.#now();
    const expiresAt = grant.minutes === null ? null : now + grant.minutes * 60_000;
    try {
      const rows = grantRows(grant, expiresAt);
      const kept = this.#table.routes.filter(
        (row) => isLive(row, now) && !rows.some((each) => isSame(each, row)),
      );
      return parseTable({ version: 1, routes: [...kept, ...rows] });
    } catch (error) {
      if (!EgressError.isInstance(error)) throw error;
      throw new SuperviseError('invalid_grant', error.problems.join('; '), { cause: error });
    }
  }

  /** @throws SuperviseError `changed` when the table is not the one that was displayed */
  expect(base: string | null): void {
    if (base === null || base === tableDigest(this.#table)) return;
    throw new SuperviseError('changed', 'the routes of the bottle changed since they were shown', {
      hint: 'look at it again',
    });
  }

  /**
   * Puts another table into force: resolves when egress has confirmed it.
   *
   * @param base digest of the table that was displayed, null: none was
   * @throws SuperviseError `changed`, `invalid_grant`; whatever `send` rejects with: the old table stays in force
   */
  async change(base: string | null, make: () => RouteTable, signal: AbortSignal): Promise<RoutesView> {
    const before = this.#last;
    const run = (async () => {
      await before.catch(() => undefined);
      signal.throwIfAborted();
      this.expect(base);
      const table = make();
      if (this.#send === null) throw new SuperviseError('apply_failed', 'egress does not run yet');
      const confirmed = await this.#send(table, signal);
      if (confirmed !== tableDigest(table)) {
        // Whatever it took, it gets back what is in force here.
        await this.#send(this.#table, AbortSignal.timeout(RESTORE_MS)).catch(() => undefined);
        throw new SuperviseError('apply_failed', 'egress confirmed another table than it was given');
      }
      this.#table = table;
      return this.view;
    })();
    this.#last = run;
    return await run;
  }
}

/** Whether two grants differ in nothing but their end: the later one takes the place of the earlier. */
function isSame(a: Route, b: Route): boolean {
  const key = (row: Route): string => canonicalJson(routeToFields({ ...row, expires_at: null }));
  return b.owner === 'grant' && key(a) === key(b);
}
