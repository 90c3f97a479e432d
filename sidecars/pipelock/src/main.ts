import { crashOnUnhandled, jsonLog } from '@bot-bottle/sidecar-protocol/program';
import { runLaunched } from './run-launched.ts';

const log = jsonLog(process.stderr);
crashOnUnhandled(log);
if (process.env['BOT_BOTTLE_CONTROL'] === 'stdio') process.exitCode = await runLaunched(log);
else {
  log({ event: 'refused', problems: 'only a launcher starts this; to run pipelock alone, run pipelock' });
  process.exitCode = 2;
}
process.exit();
