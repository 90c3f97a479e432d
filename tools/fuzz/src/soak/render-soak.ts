import type { SoakResult } from './egress-soak.ts';

/** The figures of one soak as Markdown. */
export function renderSoak(phase: string, result: SoakResult): string {
  const { rssMiB, descriptors, heapMiB, outagesMs, upstream } = result;
  const mib = (value: number): string => value.toFixed(0);
  const rows = Object.entries(result.operations).map(
    ([name, { ok, excused, late, wrong, hung }]) =>
      `| ${name} | ${ok} | ${excused} | ${late} | ${wrong} | ${hung} |`,
  );
  const outages = outagesMs.toSorted((a, b) => a - b);
  return [
    `egress, ${phase}: ${result.actors} agents for ${result.seconds} s`,
    '',
    '| operation | as it must be | lost to a kill | late with the machine | wrong | hung |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    '| what | fresh | most | after |',
    '|---|---|---|---|',
    `| memory (RSS), MiB | ${mib(rssMiB.fresh)} | ${mib(rssMiB.most)} | ${mib(rssMiB.last)} |`,
    `| heap after a collection, MiB | ${heapMiB.fresh.toFixed(1)} | – | ${heapMiB.last.toFixed(1)} |`,
    `| descriptors | ${descriptors.fresh} | ${descriptors.most} | ${descriptors.last} |`,
    '',
    `upstream: ${upstream.requests} requests, ${mib(upstream.bytes / 1024 / 1024)} MiB in, ` +
      `${upstream.leaks} with the canary, ${upstream.unauthorized} without the credential`,
    `waited for a core: ${Math.round(result.starvedMs / 1000)} s, all processes together`,
    `resources: ${JSON.stringify(result.resources)}`,
    ...(result.kills === 0
      ? []
      : [`kills: ${result.kills}; down for ${outages[0] ?? 0} to ${outages.at(-1) ?? 0} ms`]),
    `denials: ${JSON.stringify(result.denials)}`,
    result.problems.length === 0 ? 'problems: none' : `problems:\n- ${result.problems.join('\n- ')}`,
    '',
  ].join('\n');
}
