import { parseTable, tableDigest } from '@bot-bottle/egress';
import { ProtocolRefusal, SidecarChannel } from '@bot-bottle/sidecar-protocol';

/** Stands in for egress: takes route tables and confirms their digests. `node table-sidecar.ts refuses`: takes none. */
const [mode] = process.argv.slice(2);
const channel = new SidecarChannel({ input: process.stdin, output: process.stdout });
channel.onTable((table) => {
  if (mode === 'refuses') throw new ProtocolRefusal('not now\u001b[31m');
  return tableDigest(parseTable(table));
});
await channel.configured;
channel.ready({ listening: [], digest: null });
await channel.closed;
process.exit(0);
