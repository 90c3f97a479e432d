import { openSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';

/** The controlling terminal, whatever stdin and stdout are redirected to. */
export interface Terminal {
  readonly input: ReadStream;
  readonly output: WriteStream;
  close(): void;
}

/** Opens `/dev/tty`; null when there is no terminal. */
export function openTerminal(): Terminal | null {
  let input: ReadStream;
  let output: WriteStream;
  try {
    input = new ReadStream(openSync('/dev/tty', 'r'));
    output = new WriteStream(openSync('/dev/tty', 'w'));
  } catch {
    return null;
  }
  return {
    input,
    output,
    close: () => {
      input.destroy();
      output.destroy();
    },
  };
}
