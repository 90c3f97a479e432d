import { openTls } from '../http/agent.ts';
import type { Outcome } from '../http/agent.ts';
import { DEAD_HOST, HOST, MUTE_HOST } from './contracts.ts';
import { describe, expectDenial, lost, request } from './operations.ts';
import type { Operation, Verdict } from './operations.ts';

/** An upstream that goes wrong before its answer began is a denial with a reason. */
const denied: Readonly<Record<string, readonly [number, string]>> = {
  stall: [504, 'upstream_timeout'],
  trickle: [504, 'upstream_timeout'],
  reset: [502, 'upstream_unreachable'],
  close: [502, 'upstream_unreachable'],
  garbage: [502, 'upstream_invalid'],
  'long-head': [502, 'upstream_invalid'],
};
/** One that goes wrong afterwards cannot be told any more: the agent must see that the answer is not whole. */
const cut: readonly string[] = ['half', 'half-stall', 'garbage-later'];
const kinds = [...Object.keys(denied), ...cut, 'mute', 'dead'];

/** A request whose upstream stalls, resets, dies half-way, sends garbage or is not there. */
export const upstreamFault: Operation = async ({ way, port, mutePort, deadPort }, random, own) => {
  const kind = random.pick(kinds);
  const [host, at] =
    kind === 'mute' ? [MUTE_HOST, mutePort] : kind === 'dead' ? [DEAD_HOST, deadPort] : [HOST, port];
  const authority = `${host}:${at}`;
  const stream = own(await openTls(way, authority));
  const outcome = await stream.ask(request('GET', `/fault/${kind}`, authority));
  if (kind === 'mute') return expectDenial(outcome, 504, 'upstream_timeout');
  if (kind === 'dead') return expectDenial(outcome, 502, 'upstream_unreachable');
  const [status, code] = denied[kind] ?? [];
  const verdict =
    status === undefined || code === undefined ? expectCut(outcome) : expectDenial(outcome, status, code);
  return typeof verdict === 'object' && 'wrong' in verdict
    ? { ...verdict, wrong: `${kind}: ${verdict.wrong}` }
    : verdict;
};

function expectCut(outcome: Outcome): Verdict {
  if (outcome.kind === 'cut') return outcome.response === null ? lost(outcome) : 'ok';
  return { wrong: `passed off as whole: ${describe(outcome)}` };
}
