import { PassThrough } from 'node:stream';
import { fromSidecarSchema, LauncherChannel, readLines, toSidecarSchema } from '@bot-bottle/sidecar-protocol';
import { must, mustEqual } from '../fuzz/target.ts';
import type { FuzzTarget } from '../fuzz/target.ts';
import { controlWords } from './control-words.ts';
import { inPieces } from './split.ts';

const MAX_LINE_BYTES = 64 * 1024;

async function linesOf(pieces: readonly Buffer[]): Promise<readonly string[] | 'refused'> {
  const stream = new PassThrough();
  for (const piece of pieces) stream.write(piece);
  stream.end();
  const lines: string[] = [];
  try {
    for await (const batch of readLines(stream, MAX_LINE_BYTES)) lines.push(...batch);
    return lines;
  } catch {
    return 'refused';
  }
}

/** The audit events that a well-behaved launcher must have written, in order, when every line is one of the protocol. */
function eventsOf(lines: readonly string[]): unknown[] {
  const events: unknown[] = [];
  for (const line of lines) {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return events;
    }
    const parsed = fromSidecarSchema.safeParse(message);
    if (!parsed.success) return events;
    if (parsed.data.type !== 'audit') continue;
    if (parsed.data.seq !== events.length + 1) return events;
    events.push(parsed.data.event);
  }
  return events;
}

/** A sidecar that was taken over, heard by its launcher. */
export const controlLauncher: FuzzTarget = {
  name: 'control-launcher',
  about:
    'whatever a sidecar says, its launcher ends the channel or goes on, and writes only events in sequence',
  words: controlWords,
  open: async () => ({
    run: async (bytes) => {
      const [whole, pieces] = await Promise.all([linesOf([bytes]), linesOf(inPieces(bytes))]);
      if (whole !== 'refused') mustEqual(pieces, whole, 'lines that arrive in pieces');
      const stdin = new PassThrough();
      const stdout = new PassThrough();
      const written: unknown[] = [];
      const heard: Buffer[] = [];
      stdin.on('data', (chunk: Buffer) => heard.push(chunk));
      const launcher = new LauncherChannel({
        stdin,
        stdout,
        limits: { lineBytes: MAX_LINE_BYTES },
        onAudit: async (events) => void written.push(...events),
        onProposal: async () => ({ id: 'x' }),
        onQuery: async () => null,
      });
      const configured = launcher
        .configure({}, { A_SLOT: 'not-to-be-seen' }, { timeoutMs: 5_000 })
        .catch(() => null);
      for (const piece of inPieces(bytes, 61)) stdout.write(piece);
      stdout.end();
      const error = await launcher.closed;
      await configured;
      must(error === null || !error.message.includes('not-to-be-seen'), 'an error shows a secret');
      const said = Buffer.concat(heard).toString('utf8').split('\n').slice(0, -1);
      for (const line of said)
        must(
          toSidecarSchema.safeParse(JSON.parse(line)).success,
          'the launcher says what is not of the protocol',
        );
      if (whole === 'refused') return false;
      const expected = eventsOf(whole);
      mustEqual(written, expected.slice(0, written.length), 'the events that were written');
      if (error === null) must(written.length === expected.length, 'an event was lost');
      return expected.length > 0;
    },
  }),
};
