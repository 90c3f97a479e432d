import { appendFileSync } from 'node:fs';
import { ProtocolRefusal, SidecarChannel } from '@bot-bottle/sidecar-protocol';

/**
 * A sidecar that asks, honest or taken over, run as a process of its own: `node proposal-fake-sidecar.ts MODE FILE
 * REQUEST`. It notes in FILE what it is told, one JSON text a line.
 */
const [mode = '', file = '', request = 'null'] = process.argv.slice(2);
const note = (value: unknown): void => appendFileSync(file, `${JSON.stringify(value)}\n`);
const raw = (message: unknown): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

const channel = new SidecarChannel({ input: process.stdin, output: process.stdout });
channel.onDecision(async (decision) => {
  note({ decision });
  if (mode === 'dies-while-it-applies') process.exit(3);
  if (mode === 'hangs') await new Promise(() => undefined);
  if (mode === 'cannot-apply') throw new ProtocolRefusal('main moved\u001b[31m');
});
await channel.configured;
channel.ready({ listening: [], digest: null });
const body: unknown = JSON.parse(request);
const ask = async (proposal: unknown): Promise<void> => {
  await channel.propose(proposal).then(
    (answer) => note({ answer }),
    (error: unknown) => note({ refused: error instanceof Error ? error.message : 'unknown' }),
  );
};
const withHeld = (held: string): unknown => Object.assign({}, body, { held });
if (mode === 'floods') {
  await Promise.all(Array.from({ length: 30 }, (_, index) => ask(withHeld(`h${index}`))));
  note('flooded');
} else if (mode === 'floods-the-channel') {
  for (let id = 1; id <= 500; id += 1) raw({ type: 'proposal', id: 1000 + id, proposal: withHeld(`h${id}`) });
} else {
  await ask(body);
  // A life that was taken over says whatever might count as an answer.
  if (mode === 'sends-a-decision') raw({ type: 'decision', id: 1, decision: { outcome: 'approved' } });
  if (mode === 'says-done') raw({ type: 'done', id: 99, digest: null });
}
process.on('SIGTERM', () => process.exit(0));
await channel.closed;
process.exit(0);
