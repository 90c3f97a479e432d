import type { Mutant } from './mutants.ts';

const heading = '## Proof by mutation';

/** What the attack's own test did without the control. */
export type Outcome = 'fails' | 'passes' | 'not run';

/** The published table of controls that were taken out, in the place of the last one. */
export function replaceSection(
  text: string,
  rows: ReadonlyArray<Mutant & { readonly outcome: Outcome }>,
): string {
  const at = text.indexOf(heading);
  const section = `${heading}

A test of an attack is worth something if it fails when the control is gone. \`npm run mutants\` takes one control at a time
out of a copy of the checkout, bundles it anew, and runs the attack's own test, which must fail; with nothing taken out it
must pass. Controls that stand in front of it are taken out with it; without those alone the test must still pass. It is not
part of \`npm test\`, which only checks that every text that would be replaced is still there.

| control taken out | in | attack | on | its test |
|---|---|---|---|---|
${rows.map(row).join('\n')}
`;
  return `${at < 0 ? `${text.trimEnd()}\n\n` : text.slice(0, at)}${section}`;
}

function row({
  control,
  replacements,
  inFront = [],
  attack,
  subject,
  outcome,
}: Mutant & { readonly outcome: Outcome }): string {
  const taken = [...inFront, ...replacements];
  const files = [...new Set(taken.map(({ file }) => `\`${file.split('/').at(-1) ?? file}\``))].join(', ');
  const backend = subject.split('-')[0] ?? subject;
  return `| ${control} | ${files} | \`${attack}\` | ${backend} | ${outcome} |`;
}

/** The outcome that is published for a control. */
export function publishedOutcome(text: string, control: string): Outcome | null {
  const line = text.split('\n').find((each) => each.startsWith(`| ${control} |`));
  const cell = line?.split(' | ').at(-1)?.replace(/ \|$/, '');
  return cell === 'fails' || cell === 'passes' || cell === 'not run' ? cell : null;
}
