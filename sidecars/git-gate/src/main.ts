import { crashOnUnhandled, jsonLog } from '@bot-bottle/sidecar-protocol/program';
import { runLaunched } from './main/run-launched.ts';
import { runStandAlone } from './main/run-stand-alone.ts';

const log = jsonLog(process.stderr);
crashOnUnhandled(log);
process.exitCode =
  process.env['BOT_BOTTLE_CONTROL'] === 'stdio'
    ? await runLaunched(log)
    : await runStandAlone(process.env, log);
process.exit();
