import { StringDecoder } from 'node:string_decoder';

/** Longest line that is passed on, in UTF-16 units; the rest of it is dropped. */
export const MAX_LINE_LENGTH = 1000;

/** Cuts bytes into lines at `\n` and `\r` (progress is drawn with it); empty lines are left out. */
export function createLineReader(onLine: (line: string) => void): {
  write(chunk: Buffer): void;
  end(): void;
} {
  const decoder = new StringDecoder('utf8');
  let open = '';
  const finish = (): void => {
    const line = open.trimEnd();
    open = '';
    if (line !== '') onLine(line);
  };
  const take = (text: string): void => {
    for (const [index, part] of text.split(/[\n\r]/).entries()) {
      if (index > 0) finish();
      open += part.slice(0, MAX_LINE_LENGTH - open.length);
    }
  };
  return {
    write: (chunk) => take(decoder.write(chunk)),
    end: () => {
      take(decoder.end());
      finish();
    },
  };
}
