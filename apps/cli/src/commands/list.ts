import { botBottleHome, enumerateActive, runtimeDir, StateStore } from '@bot-bottle/backend';
import type { CommandContext } from '../command-context.ts';
import { resumableStates } from '../launch/find-state.ts';
import { loadHome } from '../launch/load-home.ts';
import { renderTable } from '../output/table.ts';
import { reportOptionsSchema } from '../parse-options.ts';

export type Listed = 'active' | 'agents' | 'bottles' | 'preserved';

interface Listing {
  readonly headings: readonly string[];
  /** objects of the JSON form, and their cells in the table */
  readonly rows: ReadonlyArray<{ readonly json: object; readonly cells: readonly string[] }>;
  readonly nothing: string;
}

/** `list`: what runs, or what could. */
export async function list(context: CommandContext, what: Listed, given: object): Promise<number> {
  const { json } = reportOptionsSchema.parse(given);
  const { headings, rows, nothing } = await listings[what](context);
  const { printer } = context;
  if (json) printer.json(rows.map((row) => row.json));
  else if (rows.length === 0) printer.note(nothing);
  else {
    printer.result(
      renderTable(
        headings,
        rows.map((row) => row.cells),
      ),
    );
  }
  return 0;
}

const listings: Readonly<Record<Listed, (context: CommandContext) => Promise<Listing>>> = {
  active: async ({ io, printer }) => {
    const options = { runtimeDir: runtimeDir(io.env), home: botBottleHome(io.env) };
    const { bottles, silent } = await enumerateActive(options);
    for (const { identity } of silent) printer.warning(`the owner of ${identity} does not answer`);
    return {
      headings: ['SLUG', 'AGENT', 'BOTTLE', 'BACKEND', 'STATE', 'STARTED', 'LABEL'],
      nothing: 'no bottle is running',
      rows: bottles.map(({ socketPath: _path, ...status }) => ({
        json: status,
        cells: [
          status.identity,
          status.agent,
          status.bottle,
          status.backend,
          status.state,
          status.started_at,
          status.label ?? '',
        ],
      })),
    };
  },
  agents: async (context) => ({
    headings: ['AGENT', 'SOURCE', 'FILE'],
    nothing: 'there is no agent yet; bot-bottle init writes a first one',
    rows: (await loadHome(context)).index.agents.map((agent) => ({
      json: agent,
      cells: [agent.name, agent.source, agent.file],
    })),
  }),
  bottles: async (context) => ({
    headings: ['BOTTLE', 'FILE'],
    nothing: 'there is no bottle yet; bot-bottle init writes a first one',
    rows: (await loadHome(context)).index.bottles.map((bottle) => ({
      json: bottle,
      cells: [bottle.name, bottle.file],
    })),
  }),
  preserved: async ({ io }) => {
    const resumable = await resumableStates(new StateStore(botBottleHome(io.env)));
    return {
      headings: ['SLUG', 'AGENT', 'BACKEND', 'STATE', 'STARTED', 'LABEL'],
      nothing: 'no state is preserved',
      rows: resumable.map(({ identity, metadata, stateDir, preserved }) => ({
        json: { ...metadata, identity, state_dir: stateDir, preserved },
        cells: [
          identity,
          metadata?.agent ?? '',
          metadata?.backend ?? '',
          preserved ? 'preserved' : 'left',
          metadata?.started_at ?? '',
          metadata?.label ?? '',
        ],
      })),
    };
  },
};
