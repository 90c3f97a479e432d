import type { ScanFinding } from '../../contracts.ts';
import { pathMatcher } from '../../globs/path-matcher.ts';
import { needsApproval, type PushCheck, refused, shortOid, wholePush } from '../check.ts';

export const findingsCheck: PushCheck = {
  name: 'findings',
  run: (_, { findings }) =>
    findings
      .filter(({ marked }) => !marked)
      .map((finding) => refused('secret_found', place(finding), rule(finding))),
};

/** The mark is in the content, so it is the agent who asks for it. */
export const markedFindingsCheck: PushCheck = {
  name: 'marked-findings',
  run: (_, { findings }) =>
    findings
      .filter(({ marked }) => marked)
      .map((finding) =>
        needsApproval('secret_found', place(finding), `${rule(finding)}, marked gitleaks:allow`),
      ),
};

function place({ objectType, path, oid, line }: ScanFinding): string {
  const at = line === null ? '' : `:${line}`;
  if (path !== null) return objectType === 'tree' ? `a name in ${path === '' ? '/' : path}` : `${path}${at}`;
  return oid === null ? 'a ref name' : `${objectType} ${shortOid(oid)}${at}`;
}

/** Without the masked line: decisions are audited, and a line may hold more secrets than the one that is masked. */
function rule({ rule: id, commit }: ScanFinding): string {
  return commit === null ? id : `${id}, in commit ${shortOid(commit)}`;
}

export const protectedPathsCheck: PushCheck = {
  name: 'protected-paths',
  run: ({ protected_paths: globs }, { touched }) => {
    const isProtected = pathMatcher(globs);
    const commits = new Map<string, string[]>();
    for (const { path, commit } of touched) {
      if (isProtected(path)) commits.set(path, [...(commits.get(path) ?? []).slice(0, 2), commit]);
    }
    return [...commits].map(([path, [first = '', ...more]]) =>
      needsApproval(
        'push_policy_path',
        path,
        `a protected path, changed in commit ${shortOid(first)}${more.length > 0 ? ' and others' : ''}`,
      ),
    );
  },
};

export const approveAlwaysCheck: PushCheck = {
  name: 'approve-always',
  run: ({ approve }) =>
    approve === 'always'
      ? [needsApproval('push_policy_branch', wholePush, 'push.approve asks for every push')]
      : [],
};
