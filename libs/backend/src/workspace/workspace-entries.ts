import type { KnownSecret } from '@bot-bottle/dlp';
import type { WorkspacePlan } from '../plan/bottle-plan.ts';
import type { TarEntry } from '../tar/tar-entry.ts';
import { gitEntries } from './git/git-entries.ts';
import { resolveGitDir } from './git/resolve-git-dir.ts';
import { flaggedRules, workspaceScanner, type FlaggedFile } from './scan-workspace.ts';
import { walkWorkspace } from './walk-workspace.ts';

export interface WorkspaceEntriesOptions {
  /** path of the workspace in the archive */
  readonly target: string;
  /** values that must not be in a copied file; known only after the operator confirmed */
  readonly knownSecrets: readonly KnownSecret[];
  /** told of each file that is left out although the plan did not list it */
  readonly onFlagged: (file: FlaggedFile) => void;
  readonly onFile?: (path: string) => void;
}

/** A workspace as archive entries, looked at once more while it is read: files may have changed since the plan. */
export async function* workspaceEntries(
  plan: WorkspacePlan,
  options: WorkspaceEntriesOptions,
): AsyncGenerator<TarEntry> {
  const scanner = await workspaceScanner(options.knownSecrets);
  const leftOut = new Set(plan.flagged.map(({ path }) => path));
  yield { kind: 'dir', path: options.target, mode: 0o755 };
  for await (const item of walkWorkspace(plan.source, plan.include)) {
    const path = `${options.target}/${item.path}`;
    switch (item.kind) {
      case 'dir':
        yield { kind: 'dir', path, mode: item.mode };
        break;
      case 'link':
        yield { kind: 'link', path, target: item.target };
        break;
      case 'git': {
        const result = await resolveGitDir(item.hostPath);
        if ('ok' in result) yield* gitEntries(result.ok, path);
        break;
      }
      case 'file': {
        if (leftOut.has(item.path) && !item.included) break;
        options.onFile?.(item.path);
        const accept = (content: Uint8Array): boolean => {
          const rules = flaggedRules(scanner, content);
          if (rules.length > 0) options.onFlagged({ path: item.path, rules });
          return rules.length === 0;
        };
        const file = { kind: 'host-file', path, mode: item.mode, hostPath: item.hostPath } as const;
        yield item.included ? file : { ...file, accept };
        break;
      }
      default: {
        const never: never = item;
        throw new TypeError(`unknown item ${String(never)}`);
      }
    }
  }
}
