import { appendFileSync, readFileSync } from 'node:fs';
import { parseTable, tableDigest } from '@bot-bottle/egress';
import { ProtocolRefusal, SidecarChannel } from '@bot-bottle/sidecar-protocol';

/**
 * An egress without a network, run as a process of its own: `node routes-fake-egress.ts FATE-FILE FILE`. The first word
 * of FATE-FILE says what the next table meets. In FILE it notes the digest of the table in force, one a line, marked
 * where a life begins.
 */
const [fateFile = '', file = ''] = process.argv.slice(2);
const note = (text: string): void => appendFileSync(file, `${text}\n`);
const channel = new SidecarChannel({ input: process.stdin, output: process.stdout });
const { config } = await channel.configured;
const first: unknown = typeof config === 'object' && config !== null ? Reflect.get(config, 'table') : null;
const digest = tableDigest(parseTable(first));
note(`life ${digest}`);
channel.onTable(async (raw) => {
  const fate = readFileSync(fateFile, 'utf8');
  if (fate === 'refuses') throw new ProtocolRefusal('not this one');
  if (fate === 'hangs') await new Promise(() => undefined);
  if (fate === 'dies') process.exit(3);
  const taken = tableDigest(parseTable(raw));
  note(taken);
  if (fate === 'dies-before-it-says-so') process.exit(3);
  if (fate === 'dies-after-it-said-so') setImmediate(() => setTimeout(() => process.exit(3), 20));
  if (fate === 'breaks-the-protocol') {
    process.stdout.write('{"type":"nonsense"}\n');
    await new Promise(() => undefined);
  }
  return fate === 'confirms-another' && taken !== digest ? '0'.repeat(64) : taken;
});
channel.ready({ listening: [], digest });
process.on('SIGTERM', () => process.exit(0));
await channel.closed;
process.exit(0);
