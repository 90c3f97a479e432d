import { attackClasses } from './attacks/index.ts';
import { backends, type Attack, type Backend } from './attack.ts';
import { notRun, type Cells } from './published.ts';

const intro = `# Escape suite

<!-- The tables are written by \`npm run escape -- --write\` and \`npm run mutants -- --write\`. Edit the lists, not them. -->

What an attacker inside a bottle tries, and what came of it. Each row is run in a real bottle of the built CLI, on every
backend, by tests that fail when this table says something else: \`npm run escape\` runs them alone. The list is data:
\`apps/cli-e2e/escape/attacks\`.

**contained** means both: every attempt of the row was answered as the row says, and none of its witnesses on the host saw
anything. The witnesses are a TLS server behind every declared host, decoys on every address of the host (TCP, UDP, unix
sockets), the resolver that egress asks, a sniffer on every interface of the host, a git remote over SSH, the program of
another bottle, and files of the operator. In each class the same witnesses are shown to see what is permitted. No output
of any attempt may hold the route's credential or the operator's secret, in any encoding that DLP searches.
**partly** and **not applicable** are explained below; **not contained** stands where an attack works.

On bubblewrap everything is run as an ordinary user, and what depends on who started the bottle also as root. What needs
a resolver on port 53 or the sniffer needs root on the host and is skipped elsewhere.
`;

/** The published tables, from one verdict for each attack and backend. */
export function renderAttacks(cells: ReadonlyMap<string, Cells>): string {
  const all = attackClasses.flatMap(({ attacks }) => attacks);
  const count = (state: string): string =>
    backends
      .map((backend) => `${all.filter(({ id }) => cells.get(id)?.[backend] === state).length} on ${backend}`)
      .join(', ');
  const states = ['contained', 'partly', 'not contained', 'not applicable'];
  return [
    intro,
    `${all.length} attacks: ${states.map((state) => `${state} ${count(state)}`).join('; ')}.`,
    '',
    ...attackClasses.flatMap(({ title, controls, attacks }) => [
      `## ${title}`,
      '',
      ...(controls.length === 0
        ? []
        : [`What the witnesses must see first: ${controls.map(({ does }) => does).join('; ')}.`, '']),
      `| attack | tries | must be seen | ${backends.join(' | ')} |`,
      `|---|---|---|${backends.map(() => '---|').join('')}`,
      ...attacks.map((attack) => row(attack, cells.get(attack.id) ?? {})),
      '',
      ...notes(attacks),
    ]),
  ].join('\n');
}

function row({ id, tries, seen }: Attack, cells: Cells): string {
  const verdicts = backends.map((backend) => cells[backend] ?? notRun);
  return `| \`${id}\` | ${cell(tries)} | ${cell(seen)} | ${verdicts.join(' | ')} |`;
}

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`);

/** Why something is not applicable, or only partly contained. */
function notes(attacks: readonly Attack[]): string[] {
  const found = attacks.flatMap(({ id, notApplicable, partly }) =>
    backends.flatMap((backend) => {
      const why = reasonOf(backend, notApplicable) ?? reasonOf(backend, partly);
      return why === undefined ? [] : [`- \`${id}\` on ${backend}: ${why}`];
    }),
  );
  return found.length === 0 ? [] : [...found, ''];
}

const reasonOf = (backend: Backend, reasons: Attack['partly']): string | undefined => reasons?.[backend];
