import type { GitRepoManifest } from '@bot-bottle/manifest';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { checkMachine, type Check } from '../doctor/check-machine.ts';
import { checkRepositories, type ShownHostKey } from '../doctor/check-repositories.ts';
import { loadHome } from '../launch/load-home.ts';
import type { Printer } from '../output/printer.ts';
import { reportOptionsSchema } from '../parse-options.ts';

/**
 * `doctor [agent-or-bottle]`: each thing that bottles need or use, with what to do about what is missing; of a named
 * one also its repositories.
 */
export async function doctor(context: CommandContext, name: string | null, given: object): Promise<number> {
  const { json, hostKeys: showsHostKeys } = reportOptionsSchema.parse(given);
  if (showsHostKeys && name === null) {
    throw new CliError('usage', '--host-keys needs the name of an agent or a bottle', {
      hint: 'bot-bottle doctor <agent> --host-keys',
    });
  }
  const repos = name === null ? [] : await repositoriesOf(context, name);
  const [machine, { checks: upstreams, hostKeys }] = await Promise.all([
    checkMachine(context.io),
    checkRepositories(repos, context.io),
  ]);
  const checks = [
    ...machine.map((check) => (repos.length === 0 ? check : neededByGate(check))),
    ...upstreams,
  ];
  const { printer } = context;
  const isReady = checks.every(({ status }) => status !== 'missing');
  if (json) {
    printer.json({ ok: isReady, checks, host_keys: hostKeys });
    return isReady ? 0 : 1;
  }
  for (const check of checks) printCheck(printer, check);
  if (showsHostKeys) for (const hostKey of hostKeys) printHostKey(printer, hostKey);
  if (!isReady) printer.note('\nsomething that bottles need is missing');
  return isReady ? 0 : 1;
}

async function repositoriesOf(context: CommandContext, name: string): Promise<readonly GitRepoManifest[]> {
  const { index } = await loadHome(context);
  const isAgent = index.agents.some((agent) => agent.name === name);
  const isBottle = !isAgent && index.bottles.some((bottle) => bottle.name === name);
  const bottle = isBottle ? await index.bottle(name) : (await index.agent(name)).bottle;
  return Object.values(bottle.gitGate.repos);
}

function neededByGate(check: Check): Check {
  const isNeeded = check.status === 'optional' && (check.name === 'git' || check.name === 'ssh');
  return isNeeded ? { ...check, status: 'missing' } : check;
}

function printCheck(printer: Printer, { name, status, detail, remedy }: Check): void {
  const marks = { ok: printer.style('green', '✓'), missing: printer.style('red', '✗'), optional: '–' };
  printer.styled(`${marks[status]} ${name.padEnd(18)}${detail}`);
  if (remedy !== null) printer.styled(`${' '.repeat(20)}→ ${remedy}`);
}

/** As it stands in the front matter of a bottle. */
function printHostKey(printer: Printer, { repo, host, port, host_key: key, verified }: ShownHostKey): void {
  const comment = verified
    ? 'as the manifest has it'
    : `UNVERIFIED, shown by ${host}:${port} just now: compare it with what the forge publishes`;
  printer.result(`\ngit-gate:\n  repos:\n    ${repo}:\n      # ${comment}\n      host_key: ${key}`);
}
