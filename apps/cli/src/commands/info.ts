import type { EffectiveAgent, EnvValue } from '@bot-bottle/manifest';
import type { CommandContext } from '../command-context.ts';
import { loadHome } from '../launch/load-home.ts';
import { reportOptionsSchema } from '../parse-options.ts';

/** `info <agent>`: the agent with its bottle as they come out of all files; names of secrets, never values. */
export async function info(context: CommandContext, name: string, given: object): Promise<number> {
  const { json } = reportOptionsSchema.parse(given);
  const home = await loadHome(context);
  const agent = await home.index.agent(name);
  if (json) context.printer.json(agent);
  else context.printer.result(describeAgent(agent));
  return 0;
}

function describeAgent(agent: EffectiveAgent): string {
  const { bottle } = agent;
  const lines: Array<readonly [string, string]> = [
    ['agent', agent.name],
    ['file', agent.file ?? '-'],
    ['source', agent.source],
    ['sha256', agent.contentHash],
    ...(agent.replaces === null ? [] : [['replaces', agent.replaces] as const]),
    ['bottle', bottle.name],
    ['provider', bottle.agentProvider.template],
    ...Object.entries(bottle.env).map(([env, value]) => ['env', `${env} (${envKind(value)})`] as const),
    ...agent.skills.map((skill) => ['skill', skill] as const),
    ...bottle.egress.routes.map((route) => ['route', routeLine(route)] as const),
    ...Object.values(bottle.gitGate.repos).map(
      (repo) => ['repository', `${repo.name} → ${repo.host}:${repo.port}`] as const,
    ),
    ['supervise', bottle.supervise ? 'yes' : 'no'],
    ['prompt', agent.prompt === '' ? '-' : `\n${agent.prompt}`],
  ];
  return lines.map(([label, value]) => `${label.padEnd(12)}${value}`).join('\n');
}

function envKind(value: EnvValue): string {
  switch (value.kind) {
    case 'literal':
      return 'literal';
    case 'prompt':
      return 'asked at launch';
    case 'host':
      return `from the host variable ${value.name}`;
  }
}

function routeLine(route: EffectiveAgent['bottle']['egress']['routes'][number]): string {
  const ports = route.ports.length === 0 || route.ports.join() === '443' ? '' : `:${route.ports.join(',')}`;
  const auth = route.auth === null ? '' : ` [auth:${route.auth.scheme} ${route.auth.tokenRef}]`;
  const methods = route.methods.length === 0 ? '' : ` ${route.methods.join(',')}`;
  const paths = route.pathAllowlist.length === 0 ? '' : ` ${route.pathAllowlist.join(' ')}`;
  return `${route.host}${ports}${auth}${methods}${paths}`;
}
