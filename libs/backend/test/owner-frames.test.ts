import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeFrame, FrameDecoder, MAX_CONTROL_BYTES, MAX_DATA_BYTES } from '../src/owner/frames.ts';

const frame = fc.record({
  kind: fc.constantFrom('control' as const, 'stdin' as const, 'stdout' as const, 'stderr' as const),
  payload: fc.uint8Array({ maxLength: 300 }),
});

it('gives back every frame, however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 20 }),
      fc.array(fc.nat(50), { minLength: 1 }),
      (frames, cuts) => {
        const stream = Buffer.concat(frames.map(({ kind, payload }) => encodeFrame(kind, payload)));
        const decoder = new FrameDecoder();
        const found = [];
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const size = (cuts[turn % cuts.length] ?? 0) + 1;
          found.push(...decoder.push(stream.subarray(at, at + size)));
          at += size;
        }
        expect(found.map(({ kind, payload }) => [kind, payload.toString('hex')])).toEqual(
          frames.map(({ kind, payload }) => [kind, Buffer.from(payload).toString('hex')]),
        );
      },
    ),
  );
});

it('never throws anything but OwnerError on arbitrary bytes', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
      const decoder = new FrameDecoder();
      try {
        for (const chunk of chunks) decoder.push(chunk);
      } catch (error) {
        expect(error).toMatchObject({ name: 'OwnerError', code: 'protocol' });
      }
    }),
  );
});

it.each([
  ['data', 2, MAX_DATA_BYTES + 1],
  ['control', 0, MAX_CONTROL_BYTES + 1],
])('refuses a %s frame over its limit by its header alone', (_name, kind, length) => {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(length, 0);
  header[4] = kind;
  expect(() => new FrameDecoder().push(header)).toThrow(/too long/);
});

it('refuses an unknown kind', () => {
  expect(() => new FrameDecoder().push(Buffer.from([0, 0, 0, 0, 9]))).toThrow(/unknown kind/);
});
