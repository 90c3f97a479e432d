import { SidecarChannel } from '@bot-bottle/sidecar-protocol';

/** Run as a program: a sidecar that reports events without end until its launcher is gone. */
const channel = new SidecarChannel({ input: process.stdin, output: process.stdout });
await channel.configured;
channel.ready({ listening: [], digest: null });
let isOpen = true;
void channel.closed.then(() => (isOpen = false));
let written = 0;
while (isOpen) {
  await channel.audit({ written }).then(
    () => (written += 1),
    () => undefined,
  );
}
process.stderr.write(`drained ${written}\n`);
process.exit(0);
