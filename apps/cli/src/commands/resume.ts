import { BackendError, botBottleHome, ensureHome, StateStore, type Metadata } from '@bot-bottle/backend';
import { visibleLine } from '@bot-bottle/audit';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { abandonedProposals } from '../launch/abandoned-proposals.ts';
import { builtBackends } from '../launch/choose-backend.ts';
import { findState } from '../launch/find-state.ts';
import { loadHome } from '../launch/load-home.ts';
import { prepareLaunch } from '../launch/prepare-launch.ts';
import type { ResumeWish } from '../launch/resume-wish.ts';
import { requireTerminal, runAgent } from '../launch/run-agent.ts';
import { runMode } from '../launch/run-mode.ts';
import { tryEarly } from '../launch/try-early.ts';
import { launchOptionsSchema } from '../parse-options.ts';

/** `resume <identity>`: a bottle that ended, with its home, on its backend; the agent goes on where it was. */
export async function resume(context: CommandContext, slug: string, given: object): Promise<number> {
  const { io, printer } = context;
  const options = launchOptionsSchema.parse(given);
  const mode = await runMode(context, options);
  const path = botBottleHome(io.env);
  await ensureHome(path);
  const { identity, metadata } = await findState(new StateStore(path), slug);
  const { agent: agentName, backend, cwd, label } = metadata;
  if (agentName === null) throw unusable(identity, 'agent');
  if (backend === null) throw unusable(identity, 'backend');
  const backends = tryEarly({ option: backend, variable: undefined }, builtBackends);
  const home = await loadHome(context, cwd);
  const agent = await home.index.agent(agentName);
  requireBottle(identity, metadata, agent.bottle.name);
  const wish: ResumeWish = {
    identity,
    backend,
    workspace: metadata.copy_cwd,
    cwd,
    label,
    abandoned: await abandonedProposals(path, identity, metadata.started_at, (problem) =>
      printer.warning(problem),
    ),
  };
  const prepared = await prepareLaunch(context, home, {
    agent,
    backends,
    mode,
    extraArgs: context.rest ?? [],
    options,
    resume: wish,
    ...(mode.kind === 'interactive' && !options.detach ? { check: () => requireTerminal(context) } : {}),
  });
  if (prepared === null) return options.dryRun ? 0 : 1;
  return await runAgent(context, prepared, options);
}

function unusable(identity: string, field: string): BackendError {
  return new BackendError('state_invalid', `the metadata of ${identity} names no ${field} of this version`, {
    hint: `state/${identity}/metadata.json is left as it is`,
    data: { identity, field },
  });
}

/** What one policy let into a home must not meet another one by accident. */
function requireBottle(identity: string, { agent, bottle }: Metadata, now: string): void {
  if (bottle === null || bottle === now) return;
  const [was, name] = [visibleLine(bottle, 100), visibleLine(agent ?? '', 100)];
  throw new CliError(
    'refused',
    `${identity} was launched with the bottle ${was}, and ${name} names ${now} now`,
    {
      hint: `let the agent name ${was} again, or start a new bottle`,
    },
  );
}
