import type { ProposalRequest } from '../proposal.ts';
import { checkDockerfile, type CheckedDockerfile } from '../dockerfile/check-dockerfile.ts';
import { lineDiff } from '../dockerfile/line-diff.ts';
import { whole } from '../text-lines.ts';

export type CapabilityBlock = Extract<ProposalRequest, { kind: 'capability-block' }>;

/** What to look at twice in a build step. Not complete, and not meant to be: it only makes a human read. */
const signs: ReadonlyArray<readonly [RegExp, string]> = [
  [/ld\.so\.(?:preload|conf|cache)|\/(?:lib|lib64|usr\/lib)\//, 'changes libraries that every program loads'],
  [
    /\/etc\/(?:profile|bash|environment|passwd|group|shadow|gitconfig|npmrc|ssl|ssh)/,
    'changes settings of everybody in the bottle',
  ],
  [
    /\/(?:usr\/)?s?bin\/(?:sh|bash|env|git|curl|node|npm|ssh|tar|cat)\b|\/usr\/local\/bin\/(?:claude|codex|node|git)\b/,
    'names programs that the agent or the operator relies on',
  ],
  [
    /chmod[^|;&]{0,200}?(?:\+[rwx]*s|\b0?[2467][0-7]{3}\b)|setcap\b|install[^|;&]{0,200}?-m *0?[2467][0-7]{3}\b/,
    'makes programs setuid or gives them capabilities: in a bottle nothing gains any',
  ],
  [
    /base(?:32|64)\b|\bxxd\b|openssl +enc|\\x[0-9a-f]{2}|\\[0-7]{3}|\beval\b|uudecode/i,
    'unpacks or composes what cannot be read here',
  ],
  [
    /\b(?:apt|apt-get|apk|dnf|yum|npm|pnpm|yarn|pip3?|uv|gem|cargo|go (?:install|get)|curl|wget|git (?:clone|fetch))\b/,
    'wants the network, which a build does not have: that step will fail or do nothing',
  ],
];

/** What to think of first about another image. */
export function capabilityRisks({ dockerfile, current }: CapabilityBlock): string[] {
  const checked = checkDockerfile(dockerfile);
  return [
    'ends this bottle: what runs in it is stopped, and `resume` goes on in the new image',
    ...(checked.ok
      ? contentRisks(checked.dockerfile)
      : ['is refused as it is: it breaks the rules for Dockerfiles']),
    ...(current === null ? ['the Dockerfile in force is not known: all of it is shown as new'] : []),
    ...lostLines(dockerfile, current ?? ''),
  ];
}

function contentRisks({ stages }: CheckedDockerfile): string[] {
  const steps = stages.flatMap((stage) => stage.steps);
  const runs = steps.filter((step) => step.startsWith('RUN '));
  const others = stages
    .map(({ base }) => base)
    .filter((base) => typeof base === 'string' && base !== 'agent');
  return [
    ...(runs.length === 0
      ? []
      : [
          `${runs.length} ${runs.length === 1 ? 'command runs' : 'commands run'} while the image is built, as root if they want, ` +
            'with the rights of any build of the engine, without network and files of this host',
        ]),
    ...signs.filter(([pattern]) => steps.some((step) => pattern.test(step))).map(([, risk]) => risk),
    ...(steps.some((step) => step.startsWith('ENV '))
      ? ['ENV counts while the image is built; in the bottle it does not']
      : []),
    ...[...new Set(others)].map((base) => `is built on another image: ${whole(String(base))}`),
  ];
}

function lostLines(dockerfile: string, current: string): string[] {
  const lost = lineDiff(current.split('\n'), dockerfile.split('\n')).filter(
    ({ sign, text }) => sign === '-' && text.trim() !== '',
  ).length;
  return lost === 0 ? [] : [`takes away ${lost} ${lost === 1 ? 'line' : 'lines'} of the Dockerfile in force`];
}
