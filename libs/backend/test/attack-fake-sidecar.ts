import { appendFileSync } from 'node:fs';
import { SidecarChannel } from '@bot-bottle/sidecar-protocol';

/**
 * A sidecar that was taken over, run as a process of its own: `node attack-fake-sidecar.ts FILE EVENTS PROPOSALS`. It
 * records the events and asks for the proposals, and notes in FILE, one JSON text a line, what became of each.
 */
const [file = '', events = '[]', proposals = '[]'] = process.argv.slice(2);
const note = (value: unknown): void => appendFileSync(file, `${JSON.stringify(value)}\n`);
const listed = (text: string): unknown[] => {
  const value: unknown = JSON.parse(text);
  return Array.isArray(value) ? value : [];
};

const channel = new SidecarChannel({ input: process.stdin, output: process.stdout });
await channel.configured;
channel.ready({ listening: [], digest: null });
for (const event of listed(events)) {
  await channel.audit(event as Parameters<typeof channel.audit>[0]).then(
    () => note('recorded'),
    () => note('not recorded'),
  );
}
for (const proposal of listed(proposals)) {
  await channel.propose(proposal).then(
    () => note('taken'),
    (error: unknown) => note({ refused: error instanceof Error ? error.message : 'unknown' }),
  );
}
note('over');
process.on('SIGTERM', () => process.exit(0));
await channel.closed;
process.exit(0);
