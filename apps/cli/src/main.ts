import { systemIo } from './io.ts';
import { runCli } from './run-cli.ts';

const code = await runCli(process.argv.slice(2), systemIo());
// Streams and sockets that are still open must not keep a finished command alive; what was written is out already,
// because pipes, files and terminals are written synchronously here.
process.exit(code);
