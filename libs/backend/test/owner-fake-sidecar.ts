import { appendFileSync } from 'node:fs';
import { ProtocolRefusal, SidecarChannel } from '@bot-bottle/sidecar-protocol';
import { samplePush } from './sample-push.ts';

/**
 * A sidecar for the tests of the owner, run as a process of its own: `node owner-fake-sidecar.ts MODE FILE`. It notes in
 * FILE what it was configured with.
 */
const [mode = '', file = ''] = process.argv.slice(2);
process.stderr.write(`starting as ${mode}\n`);
if (mode === 'silent') process.stdin.resume();
else if (mode === 'garbage') {
  process.stdout.write('{"type":"nonsense"}\n');
  process.stdin.resume();
} else {
  const channel = new SidecarChannel({ input: process.stdin, output: process.stdout });
  const configuration = await channel.configured;
  appendFileSync(file, `${JSON.stringify(configuration)}\n`);
  if (mode === 'refuses') {
    channel.refuse(new ProtocolRefusal('not like this', ['routes[0] is \u001b[31mwrong']));
    await channel.closed;
  } else {
    const layer = mode === 'impostor' ? 'host' : 'egress';
    const event = {
      layer,
      action: 'ready',
      outcome: 'done',
      code: null,
      target: 'me',
      rule: null,
      details: {},
    };
    await channel.audit(event).catch(() => appendFileSync(file, '"audit refused"\n'));
    channel.ready({ listening: ['unix:/none'], digest: null });
    if (mode === 'asks') {
      channel.propose(samplePush).then(
        (answer) => appendFileSync(file, `${JSON.stringify({ answer })}\n`),
        (error: unknown) => appendFileSync(file, `${JSON.stringify(String(error))}\n`),
      );
    }
    if (mode === 'lapses') setTimeout(() => process.stdout.write('{"type":"nonsense"}\n'), 50);
    process.on('SIGTERM', () => process.exit(0));
    await channel.closed;
  }
  process.exit(0);
}
