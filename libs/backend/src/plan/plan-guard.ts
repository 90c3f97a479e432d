import type { Route } from '@bot-bottle/egress';
import type { BottleManifest } from '@bot-bottle/manifest';
import { apiAllowlist, installHint, passedThroughByWildcard, pipelockProgram } from '@bot-bottle/pipelock';
import type { BackendName } from '../contracts.ts';
import { BackendError } from '../errors.ts';
import type { Settings } from '../settings/settings-schema.ts';
import type { GuardPlan } from './bottle-plan.ts';
import type { PathLookup } from './find-program.ts';

export interface GuardDeps {
  readonly backend: BackendName;
  readonly settings: Pick<Settings, 'upstreamProxy'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pathLookup: PathLookup;
}

/**
 * Resolves `egress.guard`. A guard that is asked for and cannot be had stops the launch: nothing else stands in for it.
 *
 * @param routes effective rows
 * @throws BackendError `not_available`, `program_not_found`, `invalid_request`
 */
export async function planGuard(
  { egress, supervise }: Pick<BottleManifest, 'egress' | 'supervise'>,
  routes: readonly Route[],
  deps: GuardDeps,
): Promise<{ readonly plan: GuardPlan | null; readonly warnings: readonly string[] }> {
  const asked = egress.routes.filter(({ pipelock }) => pipelock.tlsPassthrough).map(({ host }) => host);
  if (egress.guard === 'builtin')
    return {
      plan: null,
      warnings: asked.map(
        (host) => `${host}: pipelock.tls_passthrough has no effect without guard: pipelock`,
      ),
    };
  refuse(deps);
  const program = await deps.pathLookup(pipelockProgram(deps.env));
  if (program === null)
    throw new BackendError('program_not_found', 'egress.guard: pipelock is not found', {
      hint: installHint,
      data: { program: pipelockProgram(deps.env) },
    });
  if (apiAllowlist({ routes, supervise }).length === 0)
    throw new BackendError(
      'invalid_request',
      'egress.guard: pipelock guards nothing: the bottle has no route',
      {
        hint: 'add a route, or use `guard: builtin`',
      },
    );
  const tlsPassthrough = asked.filter((host) => routes.some((route) => route.host === host));
  const covered = passedThroughByWildcard({ routes, tlsPassthrough });
  return {
    plan: { program, tlsPassthrough },
    warnings: covered.map(
      (host) => `${host}: pipelock does not look into it, because a wildcard leaves it closed`,
    ),
  };
}

function refuse({ backend, settings }: GuardDeps): void {
  const unavailable = (why: string, hint: string): BackendError =>
    new BackendError('not_available', `egress.guard: pipelock ${why}`, {
      hint,
      data: { feature: 'pipelock' },
    });
  if (backend !== 'bubblewrap')
    throw unavailable(`is not available on ${backend}`, 'use --backend bubblewrap, or `guard: builtin`');
  if (settings.upstreamProxy !== null)
    throw unavailable(
      'and upstream_proxy do not go together: pipelock dials by itself',
      'use `guard: builtin`, or take upstream_proxy out of settings.yml',
    );
}
