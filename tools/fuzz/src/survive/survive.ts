import fc from 'fast-check';
import { corpusOf } from '../fuzz/corpus.ts';
import { must } from '../fuzz/target.ts';
import { mutated } from '../fuzz/mutation.ts';
import { dial } from '../http/agent.ts';
import { headerOf } from '../http/response-parser.ts';
import { judge, sendAndListen } from '../targets/network/exchange.ts';
import { openFront } from '../targets/network/front-scene.ts';
import type { FrontScene } from '../targets/network/front-scene.ts';
import { frontWords } from '../targets/network/http-front.ts';
import { malformedRequest } from './malformed.ts';

export interface SurviveOptions {
  readonly bytes: number;
  readonly requests: number;
  readonly seed: number;
  /** whether the program that is shipped is run, which must have been built; default false */
  readonly isBuilt?: boolean;
  readonly progress?: (text: string) => void;
}

export interface SurviveResult {
  readonly bytes: number;
  readonly inputs: number;
  readonly requests: number;
  readonly seconds: number;
  readonly rssMiB: { readonly before: number; readonly most: number; readonly after: number };
  readonly heapMiB: { readonly before: number; readonly after: number };
  readonly descriptors: { readonly before: number; readonly after: number };
}

const CONCURRENCY = 48;
const BATCH = 512;
const SILENCE_MS = 400;
const MIB = 1024 * 1024;
/** What a proxy may keep of all this: compiled code and caches. */
const KEPT_HEAP_MIB = 12;
const MOST_RSS_MIB = 214;
const SETTLE_MS = 20_000;

/**
 * Sends fuzzed bytes and then malformed requests to the real proxy and holds that each is answered as it must, that a
 * good request is answered after each batch, and that nothing is left: memory, descriptors.
 *
 * @throws Violation, MalformedResponse
 */
export async function survive(options: SurviveOptions): Promise<SurviveResult> {
  const begun = performance.now();
  const scene = await openFront({ silenceMs: SILENCE_MS, isBuilt: options.isBuilt ?? false });
  try {
    await scene.check();
    const heapBefore = (await scene.egress.held()).heapUsed / MIB;
    const before = figures(scene);
    const most = { rss: before.rssMiB };
    const { bytes, inputs } = await sendFuzz(scene, options, most);
    const requests = await sendMalformed(scene, options, most);
    const after = await settled(scene, before.descriptors);
    const heapAfter = (await scene.egress.held()).heapUsed / MIB;
    must(
      after.descriptors <= before.descriptors,
      `${after.descriptors - before.descriptors} descriptors are left`,
    );
    must(
      heapAfter - heapBefore <= KEPT_HEAP_MIB,
      `${(heapAfter - heapBefore).toFixed(1)} MiB of heap are kept`,
    );
    must(most.rss <= MOST_RSS_MIB, `${most.rss.toFixed(0)} MiB of memory were used`);
    await scene.check();
    return {
      bytes,
      inputs,
      requests,
      seconds: (performance.now() - begun) / 1000,
      rssMiB: { before: before.rssMiB, most: most.rss, after: figures(scene).rssMiB },
      heapMiB: { before: heapBefore, after: heapAfter },
      descriptors: { before: before.descriptors, after: after.descriptors },
    };
  } finally {
    await scene.close();
  }
}

async function sendFuzz(
  scene: FrontScene,
  { bytes: wanted, seed, progress }: SurviveOptions,
  most: { rss: number },
): Promise<{ bytes: number; inputs: number }> {
  const inputs = mutated(corpusOf('http-front'), frontWords);
  const count = { bytes: 0, inputs: 0 };
  for (let batch = 0; count.bytes < wanted; batch += 1) {
    const samples = fc.sample(inputs, { numRuns: BATCH, seed: seed + batch });
    await inParallel(samples, async (sample) => {
      if (count.bytes >= wanted) return;
      const input = scene.withPort(sample);
      count.bytes += input.length;
      count.inputs += 1;
      judge(await sendAndListen(await dial(scene.way), input, input.includes('HEAD')));
    });
    await between(scene, most);
    progress?.(`${count.bytes} bytes in ${count.inputs} inputs, ${most.rss.toFixed(0)} MiB at most`);
  }
  return count;
}

async function sendMalformed(
  scene: FrontScene,
  { requests: wanted, seed, progress }: SurviveOptions,
  most: { rss: number },
): Promise<number> {
  let sent = 0;
  for (let batch = 0; sent < wanted; batch += 1) {
    const samples = fc.sample(malformedRequest, { numRuns: BATCH, seed: seed + batch });
    const arrived = scene.arrived;
    await inParallel(samples.slice(0, wanted - sent), async ({ bytes, status }) => {
      sent += 1;
      const input = scene.withPort(bytes);
      const heard = await sendAndListen(await dial(scene.way), input, false);
      judge(heard);
      const [answer] = heard.answers;
      const shown = JSON.stringify(input.toString('latin1'));
      must(answer !== undefined && heard.answers.length === 1, `${heard.answers.length} answers to ${shown}`);
      must(answer.status === status, `${answer.status} for ${shown}`);
      must(headerOf(answer, 'x-bot-bottle-deny') !== null, `no denial for ${shown}`);
    });
    must(scene.arrived === arrived, 'a malformed request reached the upstream');
    await between(scene, most);
    if (batch % 20 === 0) progress?.(`${sent} malformed requests, ${most.rss.toFixed(0)} MiB at most`);
  }
  return sent;
}

/** A good request, and a look at the memory. */
async function between(scene: FrontScene, most: { rss: number }): Promise<void> {
  await scene.check();
  most.rss = Math.max(most.rss, figures(scene).rssMiB);
}

async function inParallel<T>(items: readonly T[], each: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const worker = async (): Promise<void> => {
    for (const item of waiting) await each(item);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

function figures({ egress }: FrontScene): { rssMiB: number; descriptors: number } {
  const now = egress.figures();
  must(now !== null, 'the proxy is gone');
  return now;
}

async function settled(scene: FrontScene, descriptors: number): Promise<{ descriptors: number }> {
  const end = performance.now() + SETTLE_MS;
  for (;;) {
    const now = figures(scene);
    if (now.descriptors <= descriptors || performance.now() > end) return now;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
