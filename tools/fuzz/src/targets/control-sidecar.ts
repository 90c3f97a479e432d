import { PassThrough } from 'node:stream';
import { fromSidecarSchema, ProtocolRefusal, SidecarChannel } from '@bot-bottle/sidecar-protocol';
import { must } from '../fuzz/target.ts';
import type { FuzzTarget } from '../fuzz/target.ts';
import { controlWords } from './control-words.ts';
import { inPieces } from './split.ts';

/** What a launcher says, heard by a sidecar. */
export const controlSidecar: FuzzTarget = {
  name: 'control-sidecar',
  about:
    'whatever comes on its stdin, a sidecar ends or goes on, and answers only in the words of the protocol',
  words: controlWords,
  open: async () => ({
    run: async (bytes) => {
      const input = new PassThrough();
      const output = new PassThrough();
      const heard: Buffer[] = [];
      output.on('data', (chunk: Buffer) => heard.push(chunk));
      const channel = new SidecarChannel({ input, output });
      let configurations = 0;
      const configured = channel.configured.then(
        ({ secrets }) => {
          configurations += 1;
          must(
            Object.keys(secrets).every((slot) => /^[A-Z][A-Z0-9_]*$/.test(slot)),
            'an odd slot',
          );
          channel.ready({ listening: [], digest: null });
        },
        () => undefined,
      );
      channel.onTable((table) => {
        if (table === null) throw new ProtocolRefusal('no table', []);
        return 'digest';
      });
      channel.onSecrets(() => undefined);
      channel.onDecision(() => undefined);
      for (const piece of inPieces(bytes, 61)) input.write(piece);
      input.end();
      await channel.closed;
      await configured;
      const said = Buffer.concat(heard).toString('utf8').split('\n').slice(0, -1);
      for (const line of said)
        must(
          fromSidecarSchema.safeParse(JSON.parse(line)).success,
          'the sidecar says what is not of the protocol',
        );
      must(Reflect.get({}, 'polluted') === undefined, 'a prototype was polluted');
      return configurations > 0;
    },
  }),
};
