// Whether sidecars answer: `health.mjs EGRESS 9099 [GIT_GATE 9420 …]`. One that is configured to listen somewhere is
// asked there; under a launcher the address is the container's own. Every one of them must answer.
import { request } from 'node:http';
import { ownAddresses } from './own-addresses.mjs';

const LIMIT_MS = 2_500;

const words = process.argv.slice(2);
/** @type {Array<Promise<boolean>>} */
const asked = [];
for (let index = 0; index + 1 < words.length; index += 2)
  asked.push(answers(places(words[index] ?? '', words[index + 1] ?? '')));
const healthy = asked.length > 0 && (await Promise.all(asked)).every(Boolean);
process.exit(healthy ? 0 : 1);

/**
 * @param {string} prefix
 * @param {string} port
 * @returns {string[]}
 */
function places(prefix, port) {
  const listen = process.env[`${prefix}_LISTEN`];
  return listen === undefined ? ownAddresses().map((address) => `${address}:${port}`) : [listen];
}

/**
 * @param {string[]} listens
 * @returns {Promise<boolean>} whether one of them answers 200
 */
function answers(listens) {
  return Promise.any(listens.map(ask)).then(
    () => true,
    () => false,
  );
}

/**
 * @param {string} listen
 * @returns {Promise<void>}
 */
function ask(listen) {
  const target = listen.startsWith('unix:')
    ? { socketPath: listen.slice('unix:'.length) }
    : {
        host: new URL(`http://${listen}`).hostname.replace(/^\[|\]$/g, ''),
        port: new URL(`http://${listen}`).port,
      };
  return new Promise((resolve, reject) => {
    // The name that every sidecar knows itself by.
    const options = { ...target, path: '/health', headers: { Host: 'localhost' }, timeout: LIMIT_MS };
    request(options, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else reject(new Error('unhealthy'));
    })
      .on('timeout', () => reject(new Error('late')))
      .on('error', reject)
      .end();
  });
}
