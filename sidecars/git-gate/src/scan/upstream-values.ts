import { readBatch, type BatchPiece } from './batch-reader.ts';
import { identityOf, type DlpScan } from './dlp-scan.ts';
import { gitEnv, type GitAccess, type RawFinding } from './scanned-object.ts';
import { TreeNames } from './tree-names.ts';
import { WindowCutter } from './window-cutter.ts';

/** Bounds of the search; beyond them a finding simply stays. */
const MAX_VERSIONS = 500;
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_PATHS = 200;
const WINDOW = { size: 1024 * 1024, overlap: 64 * 1024 };

/** The file that a finding is in, under every name that it had in the push. */
export type OriginsOf = (path: string) => readonly string[];

/**
 * Leaves out the findings whose value stands in a version of the same file that upstream has already: the value
 * counts, not the place. Commits, tags and names of refs have no earlier versions. `access.view` is the mirror alone.
 */
export async function withoutUpstream(
  access: GitAccess,
  findings: readonly RawFinding[],
  originsOf: OriginsOf,
  dlp: DlpScan,
): Promise<readonly RawFinding[]> {
  const known = new Set<RawFinding>();
  for (const finding of findings) if (isInFolder(finding, dlp)) known.add(finding);
  const versioned = findings.filter(({ object }) => object.type === 'blob' || object.type === 'tree');
  const byPlace = Map.groupBy(versioned, ({ object }) => `${object.type} ${object.path ?? ''}`);
  let paths = 0;
  for (const group of byPlace.values()) {
    const object = group[0]?.object;
    if (object === undefined || object.path === null) continue;
    for (const path of originsOf(object.path)) {
      const open = group.filter((finding) => !known.has(finding));
      if (open.length === 0 || paths++ >= MAX_PATHS) break;
      for (const finding of await inVersions(access, path, open, dlp)) known.add(finding);
    }
  }
  return findings.filter((finding) => !known.has(finding));
}

async function inVersions(
  access: GitAccess,
  path: string,
  findings: readonly RawFinding[],
  dlp: DlpScan,
): Promise<ReadonlySet<RawFinding>> {
  const found = new Set<RawFinding>();
  const versions = await versionsOf(access, path);
  const listed = new Set(versions);
  for (const finding of findings)
    if (finding.object.oid !== null && listed.has(finding.object.oid)) found.add(finding);
  if (versions.length === 0) return found;
  let open = findings.filter((finding) => !found.has(finding));
  let bytes = 0;
  const cutter = new WindowCutter(WINDOW);
  let names: TreeNames | null = null;
  if (open.length === 0) return found;
  for await (const piece of readBatch(contents(access, versions))) {
    names ??= namesFor(piece, path);
    bytes += piece.bytes.length;
    if (bytes > MAX_BYTES) break;
    const text = names === null ? piece.bytes : names.push(piece.bytes, piece.isLast);
    for (const window of cutter.push(text, piece.isLast)) {
      const identities = open.some(({ scanner }) => scanner === 'dlp') ? dlp.identities(window.bytes) : null;
      for (const finding of open) {
        const isThere =
          finding.scanner === 'dlp'
            ? identities?.has(identityOf(finding)) === true
            : finding.values.some((value) => window.bytes.includes(value));
        if (isThere) found.add(finding);
      }
    }
    if (piece.isLast) names = null;
    open = open.filter((finding) => !found.has(finding));
    if (open.length === 0) break;
  }
  return found;
}

function namesFor({ type, oid }: BatchPiece, path: string): TreeNames | null {
  return type === 'tree' ? new TreeNames({ oidLength: oid.length / 2, path, seen: null }) : null;
}

/**
 * Whether all of it stands in the path of the folder. Then it was found in the folder above, too, and judged there
 * against what upstream has: the tree of a new path comes with the trees of every folder above it.
 */
function isInFolder(finding: RawFinding, dlp: DlpScan): boolean {
  const { type, path } = finding.object;
  if (type !== 'tree' || path === null || path === '.') return false;
  const folder = Buffer.from(path);
  return finding.scanner === 'dlp'
    ? dlp.identities(folder).has(identityOf(finding))
    : finding.values.some((value) => folder.includes(value));
}

function contents(access: GitAccess, oids: readonly string[]): AsyncIterable<Buffer> {
  return access.git.stream({
    args: ['cat-file', '--batch', '--buffer'],
    view: access.view,
    input: `${oids.join('\n')}\n`,
    env: gitEnv,
    timeoutMs: access.timeoutMs,
    signal: access.signal,
  });
}

/** Objects that stood at a path in the history of upstream's branches and tags, newest first. */
async function versionsOf(access: GitAccess, path: string): Promise<string[]> {
  // git reads paths from its input up to a line break
  if (path.includes('\n') || path.includes('\ufffd')) return [];
  const log = ['log', '--stdin', '-n', String(MAX_VERSIONS), '--branches', '--tags', '--full-history', '-t'];
  const result = await access.git.run({
    args:
      path === '.'
        ? [...log, '--format=%T']
        : [...log, '--no-renames', '--raw', '--no-abbrev', '--format=', '-z'],
    input: path === '.' ? '' : `--\n${path}\n`,
    view: access.view,
    env: gitEnv,
    timeoutMs: access.timeoutMs,
    signal: access.signal,
    maxOutput: 64 * 1024 * 1024,
  });
  if (result.code !== 0) return [];
  const text = result.stdout.toString('utf8');
  const oids = path === '.' ? text.split('\n') : oidsAt(text.split('\0'), path);
  return [...new Set(oids)].filter((oid) => /^[0-9a-f]*[1-9a-f][0-9a-f]*$/.test(oid)).slice(0, MAX_VERSIONS);
}

function oidsAt(tokens: readonly string[], path: string): string[] {
  return tokens.flatMap((token, index) => {
    const [, before, after] = /^:\d+ \d+ ([0-9a-f]+) ([0-9a-f]+) [A-Z]\d*$/.exec(token.trim()) ?? [];
    const isHere = before !== undefined && after !== undefined && tokens[index + 1] === path;
    return isHere ? [after, before] : [];
  });
}
