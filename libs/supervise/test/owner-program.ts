import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { AuditLog } from '@bot-bottle/audit';
import { ProposalDesk, QueueStore, type DecideRequest, type ProposalApplier } from '../src/index.ts';
import { egressRequest, holdRequest, pushRequest } from './sample-requests.ts';

/**
 * An owner of a bottle, run as a process of its own: `node owner-program.ts MODE FOLDER`. In the mode `waits` it has
 * proposals that wait and one that it applies, and never ends. In the mode `full` FOLDER is a small disk, and it tells
 * on stdout what happened while that was full.
 */
const [mode = '', folder = ''] = process.argv.slice(2);
const bottle = 'worker-abcde';
const audit = await AuditLog.open({ dir: join(folder, 'audit'), bottle, repeatWindowMs: 0 });
const queue = new QueueStore(join(folder, 'queue'), bottle);
const warnings: string[] = [];
let given = 0;
let onApply: () => void | Promise<void> = () => undefined;
const reach: ProposalApplier = {
  apply: async () => {
    await onApply();
    given += 1;
    return { outcome: 'approved', text: 'given', grant: null };
  },
};
const desk = await ProposalDesk.open({
  bottle,
  queue,
  audit,
  appliers: { 'egress-block': reach },
  flood: { take: () => undefined },
  onNotice: () => undefined,
  onWarning: (message) => void warnings.push(message),
});
const answer = (id: string): DecideRequest => {
  const digest = desk.list().find(({ proposal }) => proposal.id === id)?.digest ?? '0'.repeat(64);
  return { id, digest, outcome: 'approved', reason: 'because', by: 'op' };
};
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  await work.then(
    () => 'done',
    (error: unknown) => (error instanceof Error ? String(Reflect.get(error, 'code')) : 'unknown'),
  );
const apply = async (): Promise<void> => undefined;
const supervise = desk.connect('supervise', apply);
const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

if (mode === 'waits') {
  const { id } = await supervise.propose(egressRequest({ host: 'applied.example.com' }));
  await supervise.propose(egressRequest());
  await desk.connect('egress', apply).propose(holdRequest());
  await desk.connect('git-gate', apply).propose(pushRequest({ held: 'h1' }));
  onApply = async () => {
    say({ applying: id });
    await new Promise(() => undefined);
  };
  setInterval(() => undefined, 60_000);
  await desk.decide(answer(id));
}

const filler = join(folder, 'filler');
/** Leaves no block free; what was begun still takes what fits into its last one. */
function fill(): void {
  const handle = openSync(filler, 'a');
  try {
    for (;;) writeSync(handle, Buffer.alloc(4096));
  } catch {
    closeSync(handle);
  }
}
const free = (): void => rmSync(filler, { force: true });

if (mode === 'full') {
  const first = await supervise.propose(egressRequest());
  const second = await supervise.propose(egressRequest({ host: 'second.example.com' }));
  fill();
  const refusals = new Set<string>();
  for (let index = 0; index < 100; index += 1) {
    const asking = supervise.propose(egressRequest({ host: `h${index}.example.com` }));
    await asking.catch((error: unknown) => refusals.add(error instanceof Error ? error.message : 'unknown'));
  }
  const whileFull = {
    refusals: [...refusals],
    open: desk.list().map(({ proposal }) => proposal.id),
    // Longer than the record of a proposal, so that it fits nowhere.
    decided: await codeOf(desk.decide({ ...answer(first.id), reason: 'x'.repeat(2000) })),
    given,
    listed: (await queue.list()).entries.map(({ proposal, response }) => [proposal.id, response]),
  };
  free();
  onApply = fill;
  const filling = {
    decided: await codeOf(desk.decide(answer(second.id))),
    again: await codeOf(desk.decide(answer(second.id))),
    given,
    warned: warnings.some((warning) => warning.includes(`${second.id} was approved, but the queue`)),
    response: (await queue.list()).entries.find(({ proposal }) => proposal.id === second.id)?.response,
  };
  free();
  await desk.close();
  await audit.close();
  say({ first: first.id, second: second.id, whileFull, filling });
}
