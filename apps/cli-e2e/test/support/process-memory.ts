import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const pageSize = 4096;
const entrySize = 8;
/** pages that are looked at together, so that a value across two of them is found */
const pagesAtOnce = 256;

/** Regions of `/proc/<pid>/smaps` that have pages in memory, as page numbers. */
function residentRegions(smaps: string): Array<readonly [first: number, end: number]> {
  const regions: Array<readonly [number, number]> = [];
  let current: readonly [number, number] = [0, 0];
  for (const line of smaps.split('\n')) {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) r/.exec(line) ?? [];
    if (from !== undefined && to !== undefined)
      current = [Number.parseInt(from, 16) / pageSize, Number.parseInt(to, 16) / pageSize];
    else if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) current = [0, 0];
    const rss = /^Rss:\s+(\d+) kB/.exec(line)?.[1];
    if (rss !== undefined && Number(rss) > 0 && current[1] > 0) regions.push(current);
  }
  return regions;
}

/**
 * Whether the readable memory of a process of this host holds a text. Only pages that are there are read: programs
 * reserve far more. Needs root; a process that is gone holds nothing.
 */
export function memoryHolds(pid: number, text: string): boolean {
  let memory: number;
  let pagemap: number;
  let smaps: string;
  try {
    smaps = readFileSync(`/proc/${pid}/smaps`, 'latin1');
    memory = openSync(`/proc/${pid}/mem`, 'r');
    pagemap = openSync(`/proc/${pid}/pagemap`, 'r');
  } catch {
    return false;
  }
  try {
    return residentRegions(smaps).some(([first, end]) => regionHolds(memory, pagemap, first, end, text));
  } finally {
    closeSync(memory);
    closeSync(pagemap);
  }
}

function regionHolds(memory: number, pagemap: number, first: number, end: number, text: string): boolean {
  const entries = Buffer.alloc((pagesAtOnce + 1) * entrySize);
  const bytes = Buffer.alloc((pagesAtOnce + 1) * pageSize);
  for (let page = first; page < end; page += pagesAtOnce) {
    const count = Math.min(pagesAtOnce + 1, end - page);
    try {
      const size = readSync(pagemap, entries, 0, count * entrySize, page * entrySize);
      // Bit 63 of an entry: the page is present (proc_pid_pagemap(5)).
      const isThere = entries.subarray(0, size).some((byte, at) => at % entrySize === 7 && byte >= 0x80);
      if (!isThere) continue;
      const read = readSync(memory, bytes, 0, count * pageSize, page * pageSize);
      if (bytes.subarray(0, read).includes(text, 0, 'latin1')) return true;
    } catch {
      // Some mappings, such as the kernel's own, cannot be read this way.
    }
  }
  return false;
}
