import { crashOnUnhandled, jsonLog } from '@bot-bottle/sidecar-protocol/program';

const log = jsonLog(process.stderr);
crashOnUnhandled(log);
// Each way of running needs things that the other does not, and a bottle waits for this start.
process.exitCode =
  process.env['BOT_BOTTLE_CONTROL'] === 'stdio'
    ? await import('./main/run-launched.ts').then(({ runLaunched }) => runLaunched(log))
    : await import('./main/run-stand-alone.ts').then(({ runStandAlone }) => runStandAlone(process.env, log));
process.exit();
