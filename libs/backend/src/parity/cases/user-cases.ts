import { guestHome } from '../../env/guest-paths.ts';
import { shell } from '../in-bottle.ts';
import { expectThat, type BottleCase } from '../parity-case.ts';
import { bottleCases } from './make-cases.ts';

/** A script that must fail in every bottle, though its counterpart passes. */
function denied(what: string, script: string): BottleCase['run'] {
  return async (context) => {
    const result = await shell(context.bottle, `{ ${script}; } && echo REACHED`, { timeoutMs: 60_000 });
    expectThat(context, !result.stdout.includes('REACHED') && result.code !== 0, what, result);
  };
}

export const userCases = bottleCases('User', {
  'runs everything as uid 1000 in a home that is private and writable': async (context) => {
    const script = 'id -u; id -g; cd "$HOME" && pwd && touch .parity && rm .parity && stat -c %u .';
    const result = await shell(context.bottle, script);
    const holds = result.stdout === `1000\n1000\n${guestHome}\n1000\n` && result.code === 0;
    expectThat(context, holds, 'the user is node', result);
  },
  'gives no capability, and lets none be gained': async (context) => {
    const script = `grep -E '^(CapEff|CapPrm|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status | tr -s '\\t' ' '`;
    const { stdout } = await shell(context.bottle, script);
    const none = '0000000000000000';
    const wanted = [`CapPrm: ${none}`, `CapEff: ${none}`, `CapBnd: ${none}`, 'NoNewPrivs: 1', 'Seccomp: 2'];
    const seen = stdout.trim().split('\n');
    expectThat(context, seen.toSorted().join() === wanted.toSorted().join(), 'no privilege', seen);
  },
  'lets nobody become another user': denied(
    'no other user',
    'setpriv --reuid=0 true 2>/dev/null || su -c true root </dev/null 2>/dev/null || unshare -Ur true 2>/dev/null',
  ),
  'lets nobody write to the system': denied(
    'the system is read-only',
    'touch /usr/parity 2>/dev/null || touch /etc/parity 2>/dev/null || touch /parity 2>/dev/null',
  ),
  'shows no process but those of the bottle': async (context) => {
    const { stdout } = await shell(context.bottle, 'cat /proc/[0-9]*/comm');
    const names = stdout.trim().split('\n');
    const holds = names.length > 1 && names.length < 30 && !/dockerd|containerd|vitest|systemd/.test(stdout);
    expectThat(context, holds && names.includes('sh'), 'nothing of the host runs there', names);
  },
  'shows no socket of a container engine': denied(
    'no socket of an engine',
    'test -S /var/run/docker.sock -o -S /run/docker.sock -o -S /run/containerd/containerd.sock',
  ),
});
