import type { RepositoryView } from '../contracts.ts';
import { gitEnv, type GitAccess } from './scanned-object.ts';

/**
 * Every object in the quarantine, as bytes in latin1: half the memory of hex.
 *
 * @throws GitGateServerError `git_failed`
 */
export async function quarantinedObjects(access: GitAccess): Promise<readonly string[]> {
  const { objects, gitDir } = access.view;
  if (objects === null) return [];
  const quarantine: RepositoryView = { gitDir, objects, alternates: [] };
  const oids: string[] = [];
  const listed = access.git.stream({
    args: ['cat-file', '--batch-all-objects', '--unordered', '--batch-check=%(objectname)'],
    ...common({ ...access, view: quarantine }),
  });
  for await (const oid of lines(listed)) oids.push(Buffer.from(oid, 'hex').toString('latin1'));
  return oids;
}

/**
 * How many objects of the quarantine the pushed tips do not reach and the mirror does not have. A later push could refer
 * to them, and nobody would have looked at them (GHSA-qr93-8wwf-22g4).
 *
 * @throws GitGateServerError `git_failed`
 */
export async function countHidden(
  access: GitAccess,
  mirror: RepositoryView,
  quarantined: readonly string[],
  reached: ReadonlySet<string>,
): Promise<number> {
  const candidates = quarantined
    .filter((oid) => !reached.has(oid))
    .map((oid) => Buffer.from(oid, 'latin1').toString('hex'));
  if (candidates.length === 0) return 0;
  // usually what a thin pack was completed with, which the mirror has
  let hidden = 0;
  const answers = lines(
    access.git.stream({
      args: ['cat-file', '--batch-check=%(objectname)'],
      ...common({ ...access, view: mirror }),
      input: `${candidates.join('\n')}\n`,
    }),
  );
  for await (const answer of answers) if (answer.includes(' ')) hidden++;
  return hidden;
}

function common({ view, timeoutMs, signal }: GitAccess) {
  return { view, env: gitEnv, timeoutMs, signal };
}

async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of chunks) {
    const parts = `${rest}${chunk.toString('latin1')}`.split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  if (rest !== '') yield rest;
}
