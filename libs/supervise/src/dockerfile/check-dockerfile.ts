import { visibleLine } from '@bot-bottle/audit';
import { dockerfileLines, type Instruction } from './dockerfile-lines.ts';

/** Longest Dockerfile in bytes; the classic front end takes no line of 64 KiB. */
export const MAX_DOCKERFILE_BYTES = 32 * 1024;

/** What a proposed Dockerfile may be built on: the image that the bottle was first made of, and ours by name. */
export const baseImages = ['agent', 'bot-bottle-claude', 'bot-bottle-codex', 'bot-bottle-command'] as const;
export type BaseImage = (typeof baseImages)[number];

/** One `FROM` and what follows it. */
export interface DockerfileStage {
  /** an image, or the number of an earlier stage */
  readonly base: BaseImage | number;
  /** one line each, as the builder gets them */
  readonly steps: readonly string[];
}

/** A Dockerfile that obeys the rules, in the form that it is built from. */
export interface CheckedDockerfile {
  readonly stages: readonly DockerfileStage[];
}

export type DockerfileCheck =
  | { readonly ok: true; readonly dockerfile: CheckedDockerfile }
  | { readonly ok: false; readonly problems: readonly string[] };

const MAX_STAGES = 10;
const MAX_PROBLEMS = 20;

const noEffect = 'has no effect in a bottle, which says itself what runs, as whom and how: leave it out';
const refused: Readonly<Record<string, string>> = {
  ADD: 'is refused: there is no build context and no network; use RUN, or COPY --from of an earlier stage',
  CMD: noEffect,
  ENTRYPOINT: noEffect,
  EXPOSE: noEffect,
  HEALTHCHECK: noEffect,
  LABEL: 'is refused: labels say what belongs to which bottle',
  MAINTAINER: noEffect,
  ONBUILD: 'is refused: it would act in later builds',
  STOPSIGNAL: noEffect,
  VOLUME: 'is refused: it would open places for writing outside of the home',
};
const withArguments: ReadonlySet<string> = new Set(['ARG', 'ENV', 'USER', 'WORKDIR']);

interface Draft {
  readonly base: BaseImage | number;
  readonly name: string | null;
  readonly steps: string[];
}

/**
 * Checks a Dockerfile that a bottle proposes: which images it is built on, and that nothing in it reaches for files,
 * hosts or features of the builder. Whatever is not understood is refused.
 */
export function checkDockerfile(text: string): DockerfileCheck {
  if (Buffer.byteLength(text) > MAX_DOCKERFILE_BYTES)
    return { ok: false, problems: [`it is larger than ${MAX_DOCKERFILE_BYTES / 1024} KiB`] };
  const { instructions, problems: found } = dockerfileLines(text);
  const problems = [...found];
  const stages: Draft[] = [];
  for (const each of instructions) {
    const stage = stages.at(-1);
    const problem =
      each.keyword === 'FROM'
        ? begin(each, stages)
        : stage === undefined
          ? 'comes before the first FROM'
          : step(each, stage, stages);
    if (problem !== null) problems.push(`line ${each.line}: ${visibleLine(each.keyword, 32)} ${problem}`);
  }
  if (problems.length === 0 && stages.length === 0) problems.push('it has no FROM');
  if (stages.length > MAX_STAGES) problems.push(`it has more than ${MAX_STAGES} stages`);
  if (problems.length > 0) return { ok: false, problems: problems.slice(0, MAX_PROBLEMS) };
  return { ok: true, dockerfile: { stages: stages.map(({ base, steps }) => ({ base, steps })) } };
}

/** @returns what is wrong, null: nothing */
function begin({ rest }: Instruction, stages: Draft[]): string | null {
  const [, from = '', name = null] =
    /^(\S+)(?:[ \t]+[Aa][Ss][ \t]+([a-z][a-z0-9_.-]{0,63}))?$/.exec(rest) ?? [];
  const image = baseImages.find((each) => each === from);
  const earlier = stages.findIndex((stage) => stage.name === from);
  const base = image ?? (earlier < 0 ? null : earlier);
  const isTaken =
    name !== null &&
    (baseImages.some((each) => each === name) || stages.some((stage) => stage.name === name));
  // Also after a mistake: what follows is checked all the same.
  stages.push({ base: base ?? 'agent', name: isTaken ? null : name, steps: [] });
  if (from === '') return 'is not `FROM image` or `FROM image AS name`';
  if (base === null) return `must name ${baseImages.join(', ')} or an earlier stage, and nothing else`;
  return isTaken ? 'gives its stage a name that is taken' : null;
}

function step({ keyword, rest }: Instruction, { steps }: Draft, stages: readonly Draft[]): string | null {
  if (keyword === 'COPY') return copy(rest, steps, stages);
  if (keyword === 'RUN') {
    if (rest.startsWith('--')) return 'takes no options: mounts, networks and devices are not given';
    if (rest.includes('<<')) return 'with << needs another front end: write files with printf';
  } else if (keyword === 'SHELL') {
    if (!isWords(rest)) return 'needs a JSON list of words';
  } else if (withArguments.has(keyword)) {
    if (rest.startsWith('--')) return 'takes no options';
  } else return refused[keyword] ?? 'is not known';
  steps.push(`${keyword} ${rest}`);
  return null;
}

/** Only from an earlier stage, by its number: a name that is no stage would be pulled. */
function copy(rest: string, steps: string[], stages: readonly Draft[]): string | null {
  let from: number | null = null;
  let owner: string | null = null;
  let left = rest;
  for (;;) {
    const [whole = '', name, value = ''] = /^--([a-z]+)=([A-Za-z0-9_.:-]+)[ \t]+/.exec(left) ?? [];
    if (name === undefined) break;
    left = left.slice(whole.length);
    if (name === 'from' && from === null) from = stageOf(value, stages);
    else if (name === 'chown' && owner === null) owner = value;
    else return 'takes --from=<earlier stage> and --chown=<user> once each, and no other option';
    if (from === -1) return 'takes files of an earlier stage only';
  }
  if (left.startsWith('--')) return 'has an option that is not understood';
  if (from === null) return 'without --from has nothing to copy: there is no build context';
  if (left.includes('<<')) return 'with << needs another front end: write files with RUN printf';
  if (left.split(/[ \t]+/).length < 2) return 'needs a source and a destination';
  steps.push(`COPY --from=${from} ${owner === null ? '' : `--chown=${owner} `}${left}`);
  return null;
}

/** Number of a stage before the present one; -1: there is none. */
function stageOf(name: string, stages: readonly Draft[]): number {
  const earlier = stages.slice(0, -1);
  if (/^\d{1,2}$/.test(name)) return Number(name) < earlier.length ? Number(name) : -1;
  return earlier.findIndex((stage) => stage.name === name);
}

function isWords(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === 'string');
  } catch {
    return false;
  }
}

/**
 * The text that the builder gets: one instruction a line, no comment, no continuation, no name of an image.
 *
 * @param images id of each image that a stage is built on, `sha256:…`
 */
export function renderDockerfile(
  { stages }: CheckedDockerfile,
  images: Readonly<Partial<Record<BaseImage, string>>>,
): string {
  const lines = stages.flatMap(({ base, steps }, index) => {
    const from = typeof base === 'number' ? `stage${base}` : images[base];
    if (from === undefined) throw new TypeError(`no image is given for ${base}`);
    return [`FROM ${from} AS stage${index}`, ...steps];
  });
  return `${lines.join('\n')}\n`;
}

/** The images that a Dockerfile is built on. */
export function imagesOf({ stages }: CheckedDockerfile): BaseImage[] {
  return [...new Set(stages.flatMap(({ base }) => (typeof base === 'number' ? [] : [base])))];
}
