/** One measured figure. Ratios compare with a peer measured in the same run. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  /** unit of `value`, e.g. `req/s`, `ms`, `MiB/s` */
  readonly unit: string;
  /** what it is compared with, null: nothing */
  readonly peer?: string | null;
  readonly peerValue?: number | null;
  /** value / peerValue */
  readonly ratio?: number | null;
  /** the budget of the specification as text, null: none */
  readonly budget?: string | null;
  /** whether the budget holds, null: no budget, or the peer is missing */
  readonly ok: boolean | null;
  /** why there is no value, or how it was measured */
  readonly note?: string | null;
}
