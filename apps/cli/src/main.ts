import { systemIo } from './io.ts';
import { runCli } from './run-cli.ts';

// A reader or a terminal that went away is no reason to leave a bottle half taken down.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const code = await runCli(process.argv.slice(2), systemIo());
// Streams and sockets that are still open must not keep a finished command alive; what was written is out already,
// because pipes, files and terminals are written synchronously here.
process.exit(code);
