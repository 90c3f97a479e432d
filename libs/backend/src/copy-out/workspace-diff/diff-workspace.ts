import { join } from 'node:path';
import type { Bottle } from '../../contracts.ts';
import { isWithin } from '../../workspace/refuse-folder.ts';
import { flaggedRules, scannedBytes, workspaceScanner } from '../../workspace/scan-workspace.ts';
import type { CopyOutOptions, CopyOutResult } from '../copy-out.ts';
import type { HostEntry, HostRisk } from '../risks/host-risk.ts';
import { hostRisks, wantsText } from '../risks/host-risks.ts';
import { readText } from '../risks/read-text.ts';
import { ChangeTexts } from './change-text.ts';
import { compareItems } from './compare-items.ts';
import { withFetched, type FetchLimits } from './fetch-workspace.ts';
import { redirectedRemotes } from './git-risks.ts';
import { guestTree, type GuestTree } from './guest-tree.ts';
import { HostIgnores } from './host-ignores.ts';
import { hostItem, hostTree, isNewer } from './host-tree.ts';
import { sameContent } from './same-content.ts';
import type { Tree, TreeItem } from './tree-item.ts';
import type { ChangeStatus, IgnoredChanges, WorkspaceChange, WorkspaceDiff } from './workspace-diff.ts';

export interface DiffOptions extends Pick<CopyOutOptions, 'signal' | 'onProgress'> {
  /** absolute path of the workspace in the guest */
  readonly guestPath: string;
  /** real path of the host's folder that it was copied from */
  readonly source: string;
  /** when the bottle started; null: unknown */
  readonly since: Date | null;
  /** only what is at or below this path; null: everything */
  readonly only: string | null;
  /** whether texts of changed files are wanted */
  readonly texts: boolean;
  readonly limits?: FetchLimits;
}

/**
 * What an agent changed in the workspace, against the host's folder as it is now and by the rules of the copy. Nothing of
 * the bottle is run or obeyed: it is fetched into a private folder, compared, and removed.
 *
 * @throws BackendError `copy_refused`, `exec_failed`
 */
export async function diffWorkspace(bottle: Bottle, options: DiffOptions): Promise<WorkspaceDiff> {
  const host = await hostTree(options.source);
  return await withFetched(bottle, options.guestPath, options, (fetched) =>
    new Comparison(options, host, fetched).run(),
  );
}

/** A change before its sides are read. */
interface Found {
  readonly status: ChangeStatus;
  readonly path: string;
  readonly what: WorkspaceChange['what'];
  readonly before: TreeItem | null;
  readonly after: TreeItem | null;
}

class Comparison {
  readonly #options: DiffOptions;
  readonly #host: Tree;
  readonly #guest: GuestTree;
  readonly #complaint: string | null;
  readonly #changed: Found[] = [];
  /** topmost ignored path → changed files */
  readonly #ignored = new Map<string, string[]>();
  readonly #notCompared: Array<{ path: string; why: string }> = [];

  constructor(options: DiffOptions, host: Tree, fetched: CopyOutResult) {
    this.#options = options;
    this.#host = host;
    this.#guest = guestTree(fetched);
    this.#complaint = fetched.complaint;
  }

  async run(): Promise<WorkspaceDiff> {
    this.#notCompared.push(...this.#guest.notCompared.filter(({ path }) => this.#isWanted(path)));
    await this.#guestSide();
    await this.#hostSide();
    const texts = new ChangeTexts();
    const changes: WorkspaceChange[] = [];
    for (const { status, path, what, before, after } of this.#changed.toSorted(byPath)) {
      this.#options.signal?.throwIfAborted();
      const hostIsNewer = status !== 'A' && (await isNewer(this.#options.source, path, this.#options.since));
      const text = this.#options.texts ? await texts.of(before, after) : null;
      changes.push({ status, path, what, hostIsNewer, text });
    }
    const risks = await this.#risks();
    const ignored = this.#ignoredChanges(risks);
    const hidden = new Set([...this.#ignored.values()].flat());
    return {
      risks: risks.filter(({ path }) => !hidden.has(path)),
      changes,
      ignored,
      notCompared: this.#notCompared.toSorted(byPath),
      complaint: this.#complaint,
    };
  }

  #isWanted(path: string): boolean {
    this.#options.signal?.throwIfAborted();
    return this.#options.only === null || isWithin(path, this.#options.only);
  }

  async #guestSide(): Promise<void> {
    const ignores = new HostIgnores(this.#options.source);
    for (const [path, after] of this.#guest.items) {
      if (!this.#isWanted(path)) continue;
      const known = this.#host.get(path) ?? null;
      const before = known ?? (await hostItem(this.#options.source, path));
      const what = before === null ? [] : await compareItems(before, after);
      if (before !== null && what.length === 0) continue;
      const top = known === null ? await ignores.topOf(path) : null;
      if (top === null)
        this.#changed.push({ status: before === null ? 'A' : 'M', path, what, before, after });
      else this.#ignored.set(top, [...(this.#ignored.get(top) ?? []), path]);
    }
  }

  async #hostSide(): Promise<void> {
    const scanner = await workspaceScanner();
    const skipped = new Set(this.#guest.notCompared.map(({ path }) => path));
    for (const [path, before] of this.#host) {
      if (this.#guest.items.has(path) || skipped.has(path) || !this.#isWanted(path)) continue;
      const text = before.file === null ? null : await readText(before.file, scannedBytes);
      const rules = text === null ? [] : flaggedRules(scanner, Buffer.from(text));
      if (rules.length === 0) this.#changed.push({ status: 'D', path, what: [], before, after: null });
      else this.#notCompared.push({ path, why: `it is not in the bottle: flagged by ${rules.join(', ')}` });
    }
  }

  async #risks(): Promise<HostRisk[]> {
    const changed = new Set([
      ...this.#changed.filter(({ status }) => status !== 'D').map(({ path }) => path),
      ...[...this.#ignored.values()].flat(),
      ...this.#guest.notCompared.map(({ path }) => path),
    ]);
    const found: HostRisk[] = [];
    for (const [path, item] of this.#guest.internal) {
      const original = join(this.#options.source, path);
      const isOurs = item.file !== null && (await sameContent(original, item.file));
      if (!isOurs) changed.add(path);
    }
    const read = async (path: string): Promise<string | null> => {
      const { file = null } = this.#guest.items.get(path) ?? this.#guest.internal.get(path) ?? {};
      return file === null ? null : await readText(file);
    };
    const entries: HostEntry[] = [];
    for (const entry of this.#guest.entries) {
      const isRead = changed.has(entry.path) && entry.type === 'file' && wantsText(entry.path);
      entries.push(isRead ? { ...entry, text: await read(entry.path) } : entry);
    }
    found.push(...hostRisks(entries).filter(({ path }) => changed.has(path)));
    for (const [path, { type, file }] of this.#guest.items) {
      const hostGit = this.#host.get(path)?.file ?? null;
      if (type !== 'git' || file === null || hostGit === null) continue;
      found.unshift(...(await redirectedRemotes(path, hostGit, file)));
    }
    return found.filter(({ path }) => this.#isWanted(path));
  }

  #ignoredChanges(risks: readonly HostRisk[]): IgnoredChanges[] {
    const risky = new Set(risks.map(({ path }) => path));
    return [...this.#ignored]
      .map(([path, files]) => ({
        path,
        files: files.length,
        risks: files.filter((file) => risky.has(file)).length,
      }))
      .toSorted(byPath);
  }
}

const byPath = (a: { readonly path: string }, b: { readonly path: string }): number =>
  a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
