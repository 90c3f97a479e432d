import { visibleLine } from '@bot-bottle/audit';
import type { BottlePlan } from '../plan/bottle-plan.ts';
import { imageVariable } from '../plan/image-override.ts';
import { preflightJson, type Preflight, type PreflightOptions } from './preflight-model.ts';

const label = (name: string): string => `  ${name}`.padEnd(16);
const maxShown = 20;

/** The preflight as text with a blank line before and after; blocks with nothing in them are left out. */
export function renderPreflight(plan: BottlePlan, options: PreflightOptions = {}): string {
  const model = preflightJson(plan, options);
  const blocks = [
    block('agent', [agentLine(model)]),
    block('bottle', [model.bottle]),
    block('provider', [`${model.provider.name} (${model.provider.origin})`]),
    block('backend', [`${model.backend.name} (${model.backend.reason})`]),
    block('identity', [model.label === null ? model.identity : `${model.identity} (${model.label})`]),
    block('resumes', resumedLines(model)),
    block('image', imageLines(model)),
    block('runs', model.mode === 'command' ? [model.command.join(' ')] : []),
    block(
      'env',
      model.env.map(({ name, secret }) => (secret ? `${name} [secret that enters the bottle]` : name)),
    ),
    block(
      'skills',
      model.skills.map(({ name, source }) => `${name} (${source})`),
    ),
    block('git identity', identityLines(model)),
    block('git gate', gateLines(model)),
    block(
      'egress',
      model.egress.length === 0 ? ['nothing: no host can be reached'] : model.egress.map(routeLine),
    ),
    block('guard', model.guard === 'builtin' ? [] : [model.guard]),
    block('workspace', workspaceLines(model)),
    block(
      'left out',
      limited((model.workspace?.flagged ?? []).map(({ path, rules }) => `${path} [${rules.join(', ')}]`)),
    ),
    block('programs', model.programs),
    block(
      'limits',
      Object.entries(model.limits).flatMap(([name, value]) => (value === null ? [] : [`${name} ${value}`])),
    ),
    block('not enforced', model.limits_not_enforced),
    block(
      'dropped',
      model.dropped_routes.map((host) => `${host} (the provider owns this host)`),
    ),
    block('keep', model.keep ? ['the state is kept after the end'] : []),
    block('warning', model.warnings),
  ];
  return `\n${blocks.flat().join('\n')}\n\n`;
}

/** Every line passes through the one function that makes hostile text visible. */
function block(name: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => `${label(index === 0 ? name : '')}${visibleLine(line, 300)}`);
}

function limited(lines: readonly string[]): string[] {
  if (lines.length <= maxShown) return [...lines];
  return [...lines.slice(0, maxShown), `… and ${lines.length - maxShown} more`];
}

function agentLine({ agent }: Preflight): string {
  const where = agent.file === null ? '' : ` (${agent.file})`;
  const from = agent.source === 'repository' ? ' FROM THE REPOSITORY' : '';
  const replaces = agent.replaces === null ? '' : `, replaces ${agent.replaces}`;
  return `${agent.name}${from}${where}${replaces}`;
}

function resumedLines({ resumed }: Preflight): string[] {
  if (resumed === null) return [];
  const workspace = resumed.workspace ? ['its workspace is used as it is; nothing is copied in anew'] : [];
  return ['the home that it left, with everything that the agent put there', ...workspace];
}

function imageLines({ rebuilt, image_override: override }: Preflight): string[] {
  if (override !== null) return [`${override} (${imageVariable})`];
  if (rebuilt === null) return [];
  const lines = rebuilt.dockerfile.replace(/\n$/, '').split('\n');
  return [`its own, as it was approved (sha256 ${rebuilt.sha256.slice(0, 12)}):`, ...limited(lines)];
}

function identityLines({ git_identity: identity }: Preflight): string[] {
  if (identity === null) return [];
  const lines: string[] = [];
  if (identity.name !== null) lines.push(`name ${identity.name.value} (${identity.name.origin})`);
  if (identity.email !== null) lines.push(`email ${identity.email.value} (${identity.email.origin})`);
  return lines;
}

function gateLines({ git_gate: repos, git_gate_scanner: scanner }: Preflight): string[] {
  const lines = repos.map(({ name, host, port, policy, key, host_key: hasHostKey }) => {
    const made = key === 'provisioned' ? ' [key made for this launch]' : '';
    const refused = hasHostKey ? '' : ' [NO HOST KEY: refused]';
    return `${name} → ${host}:${port} [${policy}]${made}${refused}`;
  });
  return scanner === null ? lines : [...lines, `scanner ${scanner.name} (${scanner.reason})`];
}

function routeLine(route: Preflight['egress'][number]): string {
  const ports = route.ports.length === 1 && route.ports[0] === 443 ? '' : `:${route.ports.join(',')}`;
  const auth = route.auth === null ? '' : ` [auth:${route.auth}]`;
  const methods = route.methods.length === 0 ? '' : ` [${route.methods.join(',')}]`;
  const paths = route.path_allowlist.length === 0 ? '' : ` ${route.path_allowlist.join(' ')}`;
  return `${route.host}${ports}${auth} [dlp:${route.dlp}]${methods}${paths}`;
}

function workspaceLines({ workspace }: Preflight): string[] {
  if (workspace === null) return [];
  const included = workspace.include.map((path) => `included although ignored or flagged: ${path}`);
  return [`${workspace.source} → ${workspace.target}`, ...limited(included)];
}
