import {
  CommandHead,
  parseCommands,
  parsePushReport,
  parseRefs,
  toForwardResult,
} from '../../../../sidecars/git-gate/test/support/readers.ts';
import { must, mustEqual } from '../fuzz/target.ts';
import type { FuzzTarget } from '../fuzz/target.ts';
import { inPieces } from './split.ts';

interface Read {
  readonly isTaken: boolean;
  readonly shallow: readonly string[];
}

function read(pieces: readonly Buffer[]): Read {
  const head = new CommandHead();
  for (const piece of pieces) if (!head.take(piece)) return { isTaken: false, shallow: [] };
  return { isTaken: true, shallow: head.shallow };
}

/** The lines before the first flush, read in the plainest way (gitprotocol-common(5)). */
function plainly(bytes: Buffer): Read {
  const shallow: string[] = [];
  for (let at = 0; at + 4 <= bytes.length;) {
    const digits = bytes.toString('latin1', at, at + 4);
    const length = /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : 0;
    if (length < 4) break;
    const line = bytes.toString('latin1', at + 4, at + length);
    if (line.startsWith('push-cert')) return { isTaken: false, shallow: [] };
    if (at + length > bytes.length) break;
    const command = (line.split('\0', 1)[0] ?? '').replace(/\n$/, '');
    if ([...Buffer.from(command, 'latin1')].some((byte) => byte < 0x20 || byte === 0x7f))
      return { isTaken: false, shallow: [] };
    const oid = /^shallow ([0-9a-f]{40}|[0-9a-f]{64})$/.exec(command)?.[1];
    if (oid !== undefined) shallow.push(oid);
    at += length;
  }
  return { isTaken: true, shallow };
}

/** What clients and upstreams say to the git gate, as far as it is read by us and not by git. */
export const gitCommands: FuzzTarget = {
  name: 'git-commands',
  about: 'the head of a push is the same however it arrives; what git tells is taken only in its own words',
  words: [
    '0000',
    '0001',
    '0002',
    '0004',
    '0005\n',
    'ffff',
    '00d4',
    '0035shallow ' + 'a'.repeat(40) + '\n',
    'push-cert',
    '\0 report-status',
    '\n',
    '\r',
    '\0',
    '0'.repeat(40),
    'a'.repeat(40),
    ' refs/heads/main',
    'refs/tags/v1',
    '^{}',
    '\tHEAD',
    'ref: refs/heads/main\tHEAD\n',
    '!\trefs/heads/a:refs/heads/a\t[rejected] (stale info)\n',
    '[remote rejected] (',
    'PACK',
  ],
  open: async () => ({
    run: (bytes) => {
      const whole = read([bytes]);
      mustEqual(read(inPieces(bytes, 9)), whole, 'a head that arrives in pieces');
      mustEqual(whole, plainly(bytes), 'a head that is read plainly');
      const text = bytes.toString('utf8');
      const commands = parseCommands(text.split('\n'));
      if (typeof commands !== 'string') {
        must(new Set(commands.map(({ ref }) => ref)).size === commands.length, 'a ref is named twice');
        for (const { ref, oldOid, newOid } of commands) {
          must(oldOid !== null || newOid !== null, 'a command that does nothing');
          must(!ref.includes('\0') && !ref.includes('\n'), 'a ref of two lines');
        }
      }
      const { refs, head, symbolic } = parseRefs(text);
      for (const name of [...refs.keys(), ...symbolic.keys()])
        must(/^refs\/(?:heads|tags)\//.test(name), `${name} is neither branch nor tag`);
      must(head === null || refs.has(head), 'a default branch that is not there');
      for (const report of parsePushReport(text)) {
        const result = toForwardResult(report);
        const isGood = result?.outcome === 'accepted';
        must(!isGood || report.flag !== '!', 'a refusal is taken for an acceptance');
      }
      return whole.isTaken && bytes.length >= 4;
    },
  }),
};
