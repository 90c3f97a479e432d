/** Everything that load and upstream agree on. */
export const HOST = 'api.soak.test';
/** resolves to ports where nobody speaks, and where nobody listens */
export const MUTE_HOST = 'mute.soak.test';
export const DEAD_HOST = 'dead.soak.test';

export interface UpstreamRequest {
  readonly certificates: Readonly<Record<string, { readonly cert: string; readonly key: string }>>;
  /** what must never arrive */
  readonly canary: string;
  /** value of the Authorization header that every request must bring */
  readonly authorization: string;
}

export interface UpstreamPorts {
  readonly port: number;
  readonly mutePort: number;
  readonly deadPort: number;
}

/** What the upstream saw. */
export interface UpstreamStats {
  readonly requests: number;
  readonly bytes: number;
  /** requests that held the canary */
  readonly leaks: number;
  /** requests without the credential */
  readonly unauthorized: number;
  readonly openSockets: number;
}

/** Sizes that are downloaded; the checksum of each is computed once. */
export const DOWNLOAD_BYTES: readonly number[] = [1_000, 64_000, 1_500_000, 4_000_000];
