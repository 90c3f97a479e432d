import { mkdtemp, rm, writeFile, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLeafMinter, mintAuthority } from '@bot-bottle/egress';
import type { Authority, Leaf } from '@bot-bottle/egress';

/** The name under which every proxy reaches the upstream: all peers can resolve it. */
export const BENCH_HOST = 'localhost';

/** Hosts that no proxy has seen yet. */
export const FRESH_HOSTS: readonly string[] = Array.from({ length: 15 }, (_, i) => `fresh-${i}.bench.test`);

export interface BenchFolder {
  readonly path: string;
  readonly authority: Authority;
  readonly leaf: Leaf;
  /** what the upstream program is given: certificates by host */
  readonly certificates: Readonly<Record<string, { readonly cert: string; readonly key: string }>>;
  readonly caFile: string;
  remove(): Promise<void>;
}

/** A temporary folder with a CA and the upstream's certificate. */
export async function benchFolder(): Promise<BenchFolder> {
  const path = await mkdtemp(join(tmpdir(), 'bench-egress-'));
  // squid gives up root and must still reach its files
  await chmod(path, 0o777);
  const authority = await mintAuthority({ bottle: 'bench', days: 2 });
  const minter = createLeafMinter(authority);
  const leaf = await minter.leaf(BENCH_HOST);
  const certificates: Record<string, { cert: string; key: string }> = {};
  for (const host of [BENCH_HOST, ...FRESH_HOSTS]) {
    const { cert, key } = await minter.leaf(host);
    certificates[host] = { cert, key };
  }
  const caFile = join(path, 'ca.crt');
  await writeFile(caFile, authority.cert);
  return {
    path,
    authority,
    leaf,
    certificates,
    caFile,
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
