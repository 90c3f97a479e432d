/**
 * A stand-in for pipelock, for tests on machines that do not have it. It is not pipelock: it takes the same command line
 * and configuration, refuses what the public source of pipelock refuses in the sections that we write, and really
 * listens, forwards, opens TLS, scans and blocks, with a handful of patterns. What it lacks: every other detector of
 * pipelock, its limits on rate and size, scanning of answers, WebSockets, reloading.
 */
import { loadConfig } from './load-config.ts';
import { serve } from './serve.ts';

const [command = '', ...rest] = process.argv.slice(2);

function option(name: string): string | null {
  const index = rest.indexOf(name);
  return index < 0 ? null : (rest[index + 1] ?? null);
}

function fail(message: string): never {
  process.stderr.write(`Error: ${message}\n`);
  process.exit(1);
}

const known: Readonly<Record<string, readonly string[]>> = {
  version: [],
  check: ['--config'],
  run: ['--config', '--listen'],
};
const flags = rest.filter((word) => word.startsWith('--'));
for (const flag of flags) if (known[command]?.includes(flag) !== true) fail(`unknown flag: ${flag}`);

const load = (): ReturnType<typeof loadConfig> => {
  try {
    return loadConfig(option('--config') ?? fail('this stand-in needs --config'));
  } catch (error) {
    return fail(error instanceof Error ? error.message : 'the configuration cannot be read');
  }
};

switch (command) {
  case 'version':
    process.stdout.write('pipelock version 2.3.0-stand-in\n  build date: unknown\n  git commit: unknown\n');
    break;
  case 'check': {
    const { mode, api_allowlist: hosts } = load();
    process.stdout.write(
      `Config validation: OK\n  Mode:           ${mode}\n  API allowlist:  ${hosts.length} domains\n`,
    );
    break;
  }
  case 'run':
    await serve(load(), option('--listen') ?? '127.0.0.1:8888').catch((error: unknown) =>
      fail(error instanceof Error ? error.message : 'it cannot serve'),
    );
    break;
  default:
    fail(`unknown command ${JSON.stringify(command)} for "pipelock"`);
}
