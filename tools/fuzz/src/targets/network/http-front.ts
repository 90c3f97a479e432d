import type { FuzzTarget } from '../../fuzz/target.ts';
import { dial } from '../../http/agent.ts';
import { headWords } from '../words.ts';
import { sendAndListen, judge } from './exchange.ts';
import { HOST, openFront, SEED_PORT } from './front-scene.ts';

const SILENCE_MS = 400;
/** How often a good request is tried in between. */
const CHECK_EVERY = 200;

export const frontWords: readonly string[] = [
  ...headWords,
  `GET http://${HOST}:${SEED_PORT}/ok HTTP/1.1\r\nHost: ${HOST}:${SEED_PORT}\r\n\r\n`,
  `http://${HOST}:${SEED_PORT}/`,
  `Host: ${HOST}:${SEED_PORT}\r\n`,
  'GET http://_egress.local/allowlist HTTP/1.1\r\nHost: _egress.local\r\n\r\n',
  'GET /health HTTP/1.1\r\nHost: x\r\n\r\n',
  '0\r\n\r\n',
  '3\r\nabc\r\n',
  'Connection: close\r\n',
];

/** Raw bytes at the listener of the real proxy. */
export const httpFront: FuzzTarget = {
  name: 'http-front',
  about:
    'whatever is sent to the proxy, it answers well-formed or closes, and sends nothing on that no route allows',
  words: frontWords,
  concurrency: 48,
  limitMs: 60_000,
  open: async () => {
    const scene = await openFront({ silenceMs: SILENCE_MS });
    let runs = 0;
    return {
      run: async (input) => {
        const bytes = scene.withPort(input);
        const before = scene.arrived;
        judge(await sendAndListen(await dial(scene.way), bytes, bytes.includes('HEAD')));
        runs += 1;
        scene.judgeUpstream();
        if (runs % CHECK_EVERY === 0) await scene.check();
        return scene.arrived > before;
      },
      close: async () => {
        try {
          await scene.check();
        } finally {
          await scene.close();
        }
      },
    };
  },
};
