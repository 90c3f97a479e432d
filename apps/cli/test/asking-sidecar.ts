import { ProtocolRefusal, SidecarChannel } from '@bot-bottle/sidecar-protocol';

/** A sidecar that asks for what it is given: `node asking-sidecar.ts MODE REQUEST…`. `refuses`: can apply nothing. */
const [mode, ...requests] = process.argv.slice(2);
const channel = new SidecarChannel({ input: process.stdin, output: process.stdout });
channel.onDecision(() => {
  if (mode === 'refuses') throw new ProtocolRefusal('main moved meanwhile\u001b[31m');
});
await channel.configured;
channel.ready({ listening: [], digest: null });
for (const request of requests) {
  const proposal: unknown = JSON.parse(request);
  await channel.propose(proposal).catch(() => undefined);
}
await channel.closed;
process.exit(0);
