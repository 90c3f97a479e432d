import { staysInside } from '../link-target.ts';
import { contentReasons } from './content/content-reasons.ts';
import { riskKinds, type HostEntry, type HostRisk, type RiskKind } from './host-risk.ts';
import { foldedPath, nameReasons } from './name-reasons.ts';
import { normalPath } from './normal-path.ts';
import { pathMatcher } from './path-matcher.ts';
import { pathRules } from './rules/all-rules.ts';

const matchers = pathRules.map((rule) => pathMatcher(rule));
/** Longer paths cannot be opened; the rules do not look at them. */
const longestPath = 4096;

/**
 * What of a tree from a bottle could execute on the host, or make something there obey it. It judges names, links, modes
 * and some contents; source code that the operator runs himself is not told.
 *
 * @param entries the whole tree: names are compared with each other, and `HEAD`, `objects` and `refs` make a repository
 * @returns by kind, then by path; [] says only that no rule knows a risk
 */
export function hostRisks(entries: Iterable<HostEntry>): HostRisk[] {
  const all = [...entries];
  const found = all.flatMap((entry) => risksOf(entry));
  found.push(...sameNames(all), ...bareRepositories(all));
  return found.toSorted(
    (a, b) =>
      riskKinds.indexOf(a.kind) - riskKinds.indexOf(b.kind) ||
      compare(a.path, b.path) ||
      compare(a.why, b.why),
  );
}

/** Whether `hostRisks` looks at the content of a file with that name. */
export function wantsText(path: string): boolean {
  const normal = normalPath(path.slice(0, longestPath));
  return matchers.some(({ rule, matches }) => rule.check !== undefined && matches(normal));
}

function risksOf(entry: HostEntry): HostRisk[] {
  const { path } = entry;
  const risk = (kind: RiskKind, why: string): HostRisk => ({ path, kind, why });
  return [
    ...nameReasons(path).map((why) => risk('name', why)),
    ...(entry.type === 'link' ? linkReasons(entry).map((why) => risk('link', why)) : []),
    ...(entry.type === 'file' && entry.executable ? [risk('executable', 'may be executed')] : []),
    ...ruleRisks(entry),
  ];
}

function ruleRisks(entry: HostEntry): HostRisk[] {
  if (entry.path.length > longestPath) return [];
  const { path } = entry;
  const normal = normalPath(path);
  return matchers.flatMap(({ rule, matches, matchesFolder }): HostRisk[] => {
    if (entry.type === 'link' && matchesFolder(normal)) {
      return [
        { path, kind: rule.kind, why: `is a link in the place of a folder of which each file ${rule.why}` },
      ];
    }
    if (entry.type === 'folder' || !matches(normal)) return [];
    if (rule.check === undefined) return [{ path, kind: rule.kind, why: rule.why }];
    const reasons =
      entry.text === null
        ? [`${rule.why}, perhaps: its content was not looked at`]
        : contentReasons[rule.check](entry.text);
    return reasons.map((why) => ({ path, kind: rule.kind, why }));
  });
}

function linkReasons({ path, linkTarget }: HostEntry): string[] {
  const target = linkTarget ?? '';
  const reasons: string[] = [];
  if (!staysInside(path, target)) reasons.push(`is a link that leads out of the tree: ${target}`);
  if (normalPath(target).split('/').includes('.git')) reasons.push(`is a link into a repository: ${target}`);
  return reasons;
}

function sameNames(entries: readonly HostEntry[]): HostRisk[] {
  const byName = new Map<string, string[]>();
  for (const { path } of entries) {
    const folded = foldedPath(path);
    byName.set(folded, [...(byName.get(folded) ?? []), path]);
  }
  return [...byName.values()].flatMap((paths) => {
    const different = [...new Set(paths)];
    return different.length < 2
      ? []
      : different.map((path) => ({
          path,
          kind: 'name' as const,
          why: `differs only by case or Unicode form from ${different.find((other) => other !== path) ?? ''}`,
        }));
  });
}

/** Git takes a folder with these three for a repository, and its `config` counts. */
function bareRepositories(entries: readonly HostEntry[]): HostRisk[] {
  const paths = new Set(entries.flatMap(({ path }) => withFolders(foldedPath(path))));
  return entries.flatMap(({ path }): HostRisk[] => {
    const folded = foldedPath(path);
    if (folded !== 'head' && !folded.endsWith('/head')) return [];
    const folder = path.slice(0, -'head'.length);
    const isGit = /(?:^|\/)\.git\/(?:(?:modules|worktrees)\/.*)?$/.test(folder);
    const isBare = ['objects', 'refs'].every((name) => paths.has(`${foldedPath(folder)}${name}`));
    return isGit || !isBare
      ? []
      : [{ path, kind: 'git', why: 'makes its folder a repository, whose config and hooks git obeys there' }];
  });
}

function withFolders(path: string): string[] {
  const names = path.split('/');
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
