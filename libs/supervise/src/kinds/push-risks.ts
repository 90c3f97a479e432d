import { visibleLine } from '@bot-bottle/audit';
import { refLabel } from '../ref-label.ts';
import type { PushRequest } from './push-text.ts';

type PushedRef = PushRequest['refs'][number];

/** Names that hosts give a default branch; only used where the sidecar does not tell which it is. */
const usualDefaults = /^refs\/heads\/(?:main|master|trunk|develop)$/;
const runsCode: ReadonlyArray<readonly [RegExp, string]> = [
  [
    /^\.(?:github|gitea|forgejo|gitlab|circleci|woodpecker|buildkite)\/|(?:^|\/)(?:\.gitlab-ci\.yml|Jenkinsfile|\.travis\.yml)$/i,
    'changes CI, which runs with the secrets of the repository',
  ],
  [/(?:^|\/)\.gitmodules$/i, 'changes where submodules come from'],
  [/(?:^|\/)\.gitattributes$/i, 'changes git attributes, which can name filter programs'],
  [/(?:^|\/)(?:\.husky|\.?git-?hooks|hooks)\//i, 'changes hooks, which run on the machines of others'],
];

/** What to think of first about a push. */
export function pushRisks(request: PushRequest): string[] {
  return [
    ...(request.kind === 'gitleaks-allow' ? findingRisks(request.findings) : []),
    ...request.refs.flatMap(refRisks),
    ...(request.refs.length > 1 ? [`moves ${request.refs.length} refs`] : []),
    ...pathRisks(request.paths),
    ...(request.commit_count > request.commits.length
      ? [`brings ${request.commit_count} commits, of which ${request.commits.length} are shown`]
      : []),
  ];
}

function refRisks(pushed: PushedRef): string[] {
  const what = refLabel(pushed.ref);
  const isTag = pushed.ref.startsWith('refs/tags/');
  const risks: string[] = [];
  if (pushed.new_oid === null) risks.push(`deletes ${what}`);
  else if (pushed.old_oid === null) risks.push(`creates ${what}`);
  else if (isTag) risks.push(`moves ${what}, which others may hold already`);
  else if (pushed.fast_forward === false) {
    risks.push(`rewrites the history of ${what} (force): commits that are there now are lost`);
  } else if (pushed.fast_forward === undefined) risks.push(`may rewrite the history of ${what}: not told`);
  if (pushed.default_branch === true) risks.push(`${what} is the default branch`);
  else if (pushed.default_branch === undefined && usualDefaults.test(pushed.ref)) {
    risks.push(`${what} is usually the default branch`);
  }
  if (!/^refs\/(?:heads|tags)\//.test(pushed.ref)) risks.push(`${what} is neither a branch nor a tag`);
  return risks;
}

function pathRisks(paths: readonly string[]): string[] {
  if (paths.length === 0) return [];
  const why = runsCode
    .filter(([pattern]) => paths.some((path) => pattern.test(path)))
    .map(([, text]) => text);
  return [`touches ${paths.length} protected ${paths.length === 1 ? 'path' : 'paths'}`, ...why];
}

function findingRisks(findings: Extract<PushRequest, { kind: 'gitleaks-allow' }>['findings']): string[] {
  const counts = new Map<string, number>();
  for (const { rule } of findings) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  const rules = [...counts].slice(0, 10).map(([rule, count]) => `${visibleLine(rule, 100)} (${count})`);
  const more = counts.size > 10 ? ` and ${counts.size - 10} more rules` : '';
  const plural =
    findings.length === 1 ? 'finding that looks like a secret' : 'findings that look like secrets';
  const risks = [`lets ${findings.length} ${plural} leave the bottle: ${rules.join(', ')}${more}`];
  const outside = findings.filter(({ file }) => file === null).length;
  if (outside > 0) risks.push(`${outside} of them not in a file: a message, a tag or the name of a ref`);
  return risks;
}
