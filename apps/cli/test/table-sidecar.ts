import { appendFileSync } from 'node:fs';
import { parseTable, tableDigest } from '@bot-bottle/egress';
import { ProtocolRefusal, SidecarChannel } from '@bot-bottle/sidecar-protocol';

/**
 * Stands in for egress: takes route tables and confirms their digests. `refuses`: takes none; `edits FILE`: somebody
 * writes to that file at that very moment.
 */
const [mode, file = ''] = process.argv.slice(2);
const channel = new SidecarChannel({ input: process.stdin, output: process.stdout });
channel.onTable((table) => {
  if (mode === 'refuses') throw new ProtocolRefusal('not now\u001b[31m');
  if (mode === 'edits') appendFileSync(file, 'Mine.\n');
  return tableDigest(parseTable(table));
});
await channel.configured;
channel.ready({ listening: [], digest: null });
await channel.closed;
process.exit(0);
