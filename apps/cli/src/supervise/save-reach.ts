import { hash } from 'node:crypto';
import type { AuditEvent } from '@bot-bottle/audit';
import { ControlClient, ensureHome, type BottleStatus } from '@bot-bottle/backend';
import {
  addRoute,
  loadManifestIndex,
  ManifestErrors,
  reachYaml,
  type AddedRoute,
  type Reach,
} from '@bot-bottle/manifest';
import { lentCredential, type Grant } from '@bot-bottle/supervise';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { unifiedDiff } from '../output/unified-diff.ts';
import { confirm } from '../terminal/prompts.ts';
import { readBottleFile, replaceBottleFile, type BottleFile } from './bottle-file.ts';
import { ownerOf } from './decidable.ts';
import type { ShownProposal } from './shown-proposal.ts';
import { whoDecides } from './who-decides.ts';

/**
 * Shows how the bottle file would change and asks; nothing is written yet.
 *
 * @returns writes it and resolves with the file; called once the grant is in force
 * @throws CliError, ManifestErrors when the reach cannot be saved, or the operator does not want to: nothing was decided
 */
export async function planSave(
  context: CommandContext,
  shown: ShownProposal,
  grant: Grant,
  { yes }: { readonly yes: boolean },
): Promise<() => Promise<string>> {
  const { printer } = context;
  const client = new ControlClient(ownerOf(shown).socketPath);
  const status = await client.status();
  const path = await fileOf(status);
  const reach = reachOf(grant);
  let file: BottleFile;
  let added: AddedRoute;
  try {
    file = await readBottleFile(path);
    added = addRoute({ file: path, text: file.text }, reach);
  } catch (error) {
    if (!ManifestErrors.isInstance(error) && !CliError.isInstance(error)) throw error;
    const carries =
      !grant.inject && shown.view !== null && lentCredential(grant.host, shown.view.table) !== null;
    if (carries) printer.note('--with-credential lets the credential of the host go along');
    printer.asked(`nothing was decided; what would have to stand in the file:\n\n${reachYaml(reach)}`);
    throw error;
  }
  for (const line of unifiedDiff(path, file.text, added.text)) printer.asked(line);
  if (added.change === 'present') printer.note(`${path} allows that already`);
  if (added.broader) {
    printer.warning(
      'the entry allows more than both before: each of its ports with each method and each path',
    );
  }
  if (!yes && !(await confirm('Approve this and write the file?', '--yes does it without asking'))) {
    throw new CliError('refused', 'nothing was decided');
  }
  const { proposal } = shown;
  return async () => {
    if (added.change !== 'present') await write(client, { status, id: proposal.id, file, added });
    return path;
  };
}

const reachOf = (grant: Grant): Reach => ({
  host: grant.host,
  ports: grant.ports,
  pathAllowlist: grant.path_allowlist,
  methods: grant.methods,
  withCredential: grant.inject,
});

async function fileOf({ home, bottle }: BottleStatus): Promise<string> {
  await ensureHome(home);
  const index = await loadManifestIndex({ botBottleHome: home, cwd: null });
  const entry = index.bottles.find(({ name }) => name === bottle);
  if (entry !== undefined) return entry.file;
  throw new CliError('not_found', `there is no file of the bottle ${bottle} in ${home} any more`);
}

interface Saving {
  readonly status: BottleStatus;
  /** of the proposal */
  readonly id: string;
  readonly file: BottleFile;
  readonly added: AddedRoute;
}

/** @throws CliError with what holds now and what does not */
async function write(client: ControlClient, saving: Saving): Promise<void> {
  const { file, added, status } = saving;
  const event = (outcome: AuditEvent['outcome'], more: Record<string, string> = {}): AuditEvent => ({
    layer: 'host',
    action: 'bottle-file',
    outcome,
    code: null,
    target: status.bottle,
    rule: null,
    details: {
      proposal: saving.id,
      by: whoDecides(),
      change: added.change,
      before: hash('sha256', file.text),
      after: hash('sha256', added.text),
      ...more,
    },
  });
  try {
    // What cannot be recorded must not happen.
    await client.appendAudit([event('held')]);
    await replaceBottleFile(file, added.text);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown failure';
    await client.appendAudit([event('failed', { why: why.slice(0, 500) })]).catch(() => undefined);
    throw new CliError(
      'failed',
      `${why}: the approval holds until the bottle ends, and the bottle file was not written`,
      { hint: `write it into ${file.path}, so that the next launch has it too` },
    );
  }
  await client.appendAudit([event('done')]).catch(() => undefined);
}
