import type { FuzzTarget } from '../../fuzz/target.ts';
import { openTls, openTunnel } from '../../http/agent.ts';
import { sendAndListen, judge } from './exchange.ts';
import { HOST, openFront, SEED_PORT } from './front-scene.ts';
import { frontWords } from './http-front.ts';

const SILENCE_MS = 500;
const CHECK_EVERY = 100;

/** Raw bytes inside tunnels: in TLS to a host that nobody declared, and in plaintext to one that takes it. */
export const httpTunnel: FuzzTarget = {
  name: 'http-tunnel',
  about: 'the same inside of tunnels, with TLS and without',
  words: frontWords,
  concurrency: 24,
  limitMs: 60_000,
  open: async () => {
    const scene = await openFront({ silenceMs: SILENCE_MS });
    let runs = 0;
    return {
      run: async (input) => {
        const bytes = scene.withPort(input);
        const before = scene.arrived;
        runs += 1;
        const socket =
          runs % 4 === 0
            ? (await openTls(scene.way, `tls.test:443`)).detach()
            : await openTunnel(scene.way, `${HOST}:${scene.withPort(Buffer.from(SEED_PORT)).toString()}`);
        judge(await sendAndListen(socket, bytes, bytes.includes('HEAD')));
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
