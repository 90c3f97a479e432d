import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunEvents } from '../src/launch/run-events.ts';

const now = (): Date => new Date('2026-11-26T12:00:00Z');

async function told(
  act: (events: RunEvents) => Promise<void> | void,
): Promise<Array<Record<string, unknown>>> {
  const stdout = new PassThrough();
  const lines = text(stdout);
  await act(new RunEvents(stdout, now));
  stdout.end();
  return (await lines)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the events of a run', () => {
  it('are lines with version and time', async () => {
    expect(await told((events) => void events.emit({ event: 'ended', code: 3, resumable: null }))).toEqual([
      { v: 1, time: '2026-11-26T12:00:00.000Z', event: 'ended', code: 3, resumable: null },
    ]);
  });

  it('give back every character of the output, however it was cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.array(fc.nat(40)), async (said, cuts) => {
        const bytes = Buffer.from(said);
        const events = await told(async (writer) => {
          const stream = writer.output('stdout');
          let at = 0;
          for (const cut of cuts) {
            stream.write(bytes.subarray(at, at + cut));
            at += cut;
          }
          stream.end(bytes.subarray(at));
          await once(stream, 'finish');
        });
        expect(events.map((event) => event['text']).join('')).toBe(bytes.toString());
      }),
    );
  });

  it('hold nothing that a terminal or a line reader could act on', async () => {
    const stdout = new PassThrough();
    const written = text(stdout);
    new RunEvents(stdout, now).emit({
      event: 'output',
      stream: 'stderr',
      text: '\u001b]0;x\u0007\r\n\u202e\u2028',
    });
    stdout.end();
    // oxlint-disable-next-line no-control-regex
    expect(await written).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u202e\u2028]+\n$/);
  });

  it('wait for a reader that is behind', async () => {
    const stdout = new PassThrough({ highWaterMark: 16 });
    const stream = new RunEvents(stdout, now).output('stdout');
    let isTaken = false;
    stream.write('something', () => (isTaken = true));
    await new Promise(setImmediate);
    expect(isTaken).toBe(false);
    stdout.resume();
    await expect.poll(() => isTaken).toBe(true);
  });

  it('tell the output when nobody reads them any more, and are silent then', async () => {
    const stdout = new PassThrough();
    const events = new RunEvents(stdout, now);
    const failed = once(events.output('stdout'), 'error');
    stdout.destroy(new Error('EPIPE'));
    expect(await failed).toMatchObject([{ message: 'EPIPE' }]);
    expect(events.emit({ event: 'ended', code: 0, resumable: null })).toBe(true);
  });

  it('name an error by its code, and one without by its text', async () => {
    const named = Object.assign(new Error('no'), { code: 'host_login', hint: 'log in' });
    expect(
      await told((events) => {
        events.error(named);
        events.error('x');
      }),
    ).toMatchObject([
      { event: 'error', code: 'host_login', message: 'no', hint: 'log in' },
      { event: 'error', code: null, hint: null },
    ]);
  });
});
