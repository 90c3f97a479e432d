import { encodingsOf } from '@bot-bottle/dlp';
import type { Arena, Snapshot } from './arena.ts';
import type { Attack, Control, WitnessName } from './attack.ts';

/** What was found: `contained`, or what is wrong. */
export type Verdict = { readonly state: 'contained' } | { readonly state: 'open'; readonly why: string };

/** Makes an attack and judges it: by what its attacker was told, and by what nobody on the host saw. */
export async function judgeAttack(arena: Arena, attack: Attack): Promise<Verdict> {
  const before = await arena.snapshot();
  const { outputs, problem } = await make(arena, attack);
  const problems = [
    ...outputs.flatMap((output, index) => problemsOf(arena, attack, output, index)),
    ...(problem === null ? [] : [problem]),
    ...silence(before, await arena.snapshot(), attack.silent),
  ];
  return problems.length === 0 ? { state: 'contained' } : { state: 'open', why: problems.join('\n') };
}

/** Makes something permitted; the problems are what its witnesses did not see. */
export async function judgeControl(arena: Arena, control: Control): Promise<readonly string[]> {
  const before = await arena.snapshot();
  const { outputs, problem } = await make(arena, control);
  const after = await arena.snapshot();
  return [
    ...outputs
      .filter((output) => !control.answered.test(output))
      .map((output) => `not answered as expected: ${excerpt(output)}`),
    ...(problem === null ? [] : [problem]),
    ...control.noted
      .filter((name) => arena.missing(name) === null && changes(before, after, name).length === 0)
      .map((name) => `the witness "${name}" saw nothing`),
  ];
}

async function make(
  arena: Arena,
  { steps, meanwhile, after }: Attack | Control,
): Promise<{ outputs: readonly string[]; problem: string | null }> {
  const outputs: string[] = [];
  const beside = meanwhile?.(arena);
  // Looked at below, when the steps are over: a failure there must not be taken for one nobody waits for.
  beside?.catch(() => {});
  for (const step of steps(arena.facts)) outputs.push(await arena.run(step));
  await beside;
  return { outputs, problem: (await after?.(arena, outputs)) ?? null };
}

function problemsOf(arena: Arena, attack: Attack, output: string, index: number): string[] {
  const step = `step ${index + 1}`;
  const secrets = [arena.token, arena.hostSecret].flatMap((secret) => encodingsOf(secret));
  return [
    ...(attack.denied.test(output) ? [] : [`${step}: not denied as expected: ${excerpt(output)}`]),
    ...(attack.never?.test(output) === true ? [`${step}: shows ${excerpt(output)}`] : []),
    ...(secrets.some((form) => output.includes(form)) ? [`${step}: a secret was shown`] : []),
  ];
}

function silence(before: Snapshot, after: Snapshot, names: readonly WitnessName[]): string[] {
  return names.flatMap((name) =>
    changes(before, after, name).map((note) => `the witness "${name}" saw: ${note.slice(0, 200)}`),
  );
}

/** Notes that one snapshot has more often than the other. */
export function changes(before: Snapshot, after: Snapshot, name: WitnessName): string[] {
  const left = [...(before.get(name) ?? [])];
  const added = (after.get(name) ?? []).filter((note) => {
    const at = left.indexOf(note);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return [...added, ...left.map((note) => `gone: ${note}`)];
}

const excerpt = (text: string): string => JSON.stringify(text.slice(0, 600));
