import { Readable, type Duplex } from 'node:stream';

const headBytes = 8;
/** milliseconds between looks at a process whose output nobody reads */
const lookMs = 250;
/** stream numbers of the engine's API (`/containers/{id}/attach`, "Stream format") */
const stdoutNumber = 1;
const stderrNumber = 2;

export interface Outputs {
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/** Tells whether the process ended, so that no more comes than is on its way. */
export type HasEnded = () => Promise<boolean>;

/**
 * Splits what the engine sends of one process. What nobody reads stops the process, what was destroyed is dropped.
 *
 * An engine tells of no other process of that container, and does not end it in time, while it holds output of one that
 * ended (seen with 20.10): so what is left of such a one is read whether somebody wants it or not.
 */
export function demultiplex(source: Duplex, hasEnded: HasEnded): Outputs {
  return receive(source, hasEnded, frameParser);
}

/** The same for a process on a terminal, which has one output. */
export function singleOutput(source: Duplex, hasEnded: HasEnded): Outputs {
  return receive(source, hasEnded, (deliver) => (chunk) => {
    deliver(stdoutNumber, chunk);
    return true;
  });
}

type Deliver = (number: number, bytes: Buffer) => void;
/** Takes bytes; false when they are no frames. */
type Parse = (chunk: Buffer) => boolean;

function receive(source: Duplex, hasEnded: HasEnded, parser: (deliver: Deliver) => Parse): Outputs {
  const waiting = new Set<Readable>();
  const rest = watchForTheRest(source, waiting, hasEnded);
  const make = (): Readable => {
    const stream: Readable = new Readable({
      read: () => release(stream),
      destroy: (error, done) => {
        release(stream);
        done(error);
      },
    });
    stream.on('error', () => undefined);
    return stream;
  };
  const release = (stream: Readable): void => {
    if (waiting.delete(stream) && waiting.size === 0) source.resume();
  };
  const outputs = { [stdoutNumber]: make(), [stderrNumber]: make() };
  const { [stdoutNumber]: stdout, [stderrNumber]: stderr } = outputs;
  const deliver: Deliver = (number, bytes) => {
    const stream = number === stderrNumber ? stderr : stdout;
    if (stream.destroyed || stream.push(bytes) || rest.comes) return;
    waiting.add(stream);
    source.pause();
    rest.watch();
  };
  const parse = parser(deliver);
  source.on('data', (chunk: Buffer) => {
    if (!parse(chunk)) source.destroy();
  });
  source.on('error', () => undefined);
  source.once('close', () => end(stdout, stderr));
  source.once('end', () => end(stdout, stderr));
  return { stdout, stderr };
}

function end(...streams: readonly Readable[]): void {
  for (const stream of streams) if (!stream.destroyed && !stream.readableEnded) stream.push(null);
}

/** Looks, as long as nobody reads, whether the process is over. */
function watchForTheRest(
  source: Duplex,
  waiting: ReadonlySet<Readable>,
  hasEnded: HasEnded,
): { readonly comes: boolean; watch(): void } {
  let comes = false;
  let timer: NodeJS.Timeout | null = null;
  const look = async (): Promise<void> => {
    if (waiting.size > 0 && (await hasEnded().catch(() => true))) {
      comes = true;
      source.resume();
    }
    timer = null;
    watch();
  };
  const watch = (): void => {
    if (timer !== null || comes || waiting.size === 0 || source.destroyed) return;
    timer = setTimeout(() => void look(), lookMs);
    timer.unref();
  };
  return {
    get comes() {
      return comes;
    },
    watch,
  };
}

function frameParser(deliver: Deliver): Parse {
  let head: Buffer = Buffer.alloc(0);
  let number = 0;
  let left = 0;
  return (chunk) => {
    for (let at = 0; at < chunk.length;) {
      if (left === 0) {
        const taken = chunk.subarray(at, at + headBytes - head.length);
        head = Buffer.concat([head, taken]);
        at += taken.length;
        if (head.length < headBytes) return true;
        number = head.readUInt8(0);
        left = head.readUInt32BE(4);
        head = Buffer.alloc(0);
        if (number !== stdoutNumber && number !== stderrNumber) return false;
        continue;
      }
      const part = chunk.subarray(at, at + left);
      at += part.length;
      left -= part.length;
      deliver(number, part);
    }
    return true;
  };
}
