// Starts a sidecar in a container: `start.mjs EGRESS 9099 [main.mjs]`. Under a launcher (BOT_BOTTLE_CONTROL=stdio) it
// changes nothing. Stand-alone it takes secrets from files and finds out where to listen.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownAddresses } from './own-addresses.mjs';

const [prefix = '', port = '', program = 'main.mjs'] = process.argv.slice(2);
const { env } = process;

if (env['BOT_BOTTLE_CONTROL'] !== 'stdio') {
  const problems = [...takeSecretFiles('/run/secrets'), ...chooseAddress()];
  for (const problem of problems)
    process.stderr.write(`${JSON.stringify({ event: 'invalid_config', problem })}\n`);
  if (problems.length > 0) process.exit(2);
}
await import(`./${program}`);

/**
 * A variable given with `docker run --env` is in `docker inspect`; a file is not. What is set here is in no process's
 * environ file.
 *
 * @param {string} folder
 * @returns {string[]} problems
 */
function takeSecretFiles(folder) {
  const isMine = new RegExp(`^${prefix}_[A-Z][A-Z0-9_]*$`);
  /** @type {string[]} */
  let names;
  try {
    names = readdirSync(folder).filter((each) => isMine.test(each));
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return isAbsent ? [] : [`${folder} cannot be listed by uid ${process.getuid?.()}`];
  }
  return names.toSorted().flatMap((name) => takeSecretFile(name, join(folder, name)));
}

/**
 * @param {string} name
 * @param {string} path
 * @returns {string[]} problems
 */
function takeSecretFile(name, path) {
  if (env[name] !== undefined) return [`${name} is given as a variable and as a file`];
  try {
    env[name] = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    return [];
  } catch {
    return [`${name}: its file ${path} cannot be read by uid ${process.getuid?.()}`];
  }
}

/**
 * The program's default is the loopback address, which nobody outside of a container reaches; every address is what it
 * refuses. With an access token the container's own address is safe to take, without one only an operator can know who
 * else is on that network.
 *
 * @returns {string[]} problems
 */
function chooseAddress() {
  const name = `${prefix}_LISTEN`;
  if (env[name] !== undefined) return [];
  if ((env[`${prefix}_ACCESS_TOKEN`] ?? '') === '')
    return [
      `${name} is not set: name the address to listen on, e.g. <container name>:${port}, where everybody on its ` +
        `network may connect, or set ${prefix}_ACCESS_TOKEN`,
    ];
  const [address, ...others] = ownAddresses();
  if (address === undefined || others.length > 0)
    return [
      `${name} is not set and the container has ${others.length === 0 ? 'no address' : 'several addresses'}: ` +
        `name the one to listen on`,
    ];
  env[name] = `${address}:${port}`;
  return [];
}
