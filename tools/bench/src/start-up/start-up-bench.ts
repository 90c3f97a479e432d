import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchRow } from '../bench-row.ts';
import { srtPeer } from './srt-peer.ts';
import { mediansInTurn, timedRun, type TimedCommand } from './timed-run.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const cli = join(root, 'apps/cli/bin/bot-bottle.js');
const ROUNDS = 11;
const MAX_RATIO = 1.5;
const MAX_HELP_MS = 150;

/** Time of a whole bottle that does nothing, against Anthropic's sandbox runtime doing the same, in turn. */
export async function startUpBench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bot-bottle-bench-'));
  try {
    return [...(await bottleRows(folder)), await helpRow(folder)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function bottleRows(folder: string): Promise<BenchRow[]> {
  const home = writeHome(folder);
  const env = { ...basics(folder), BOT_BOTTLE_HOME: home };
  const ours: TimedCommand = {
    argv: [
      process.execPath,
      cli,
      '--quiet',
      'run',
      'bench',
      '--backend',
      'bubblewrap',
      '--yes',
      '--',
      'true',
    ],
    env,
    cwd: folder,
  };
  const row = { name: 'bubblewrap bottle, run … -- true', unit: 'ms', budget: `≤ ${MAX_RATIO} ×` };
  try {
    // the first start copies Node into the cache
    await timedRun(ours);
  } catch (error) {
    return [
      { ...row, value: Number.NaN, ok: null, note: error instanceof Error ? error.message : String(error) },
    ];
  }
  const peer = await srtPeer(join(root, '.cache/bench-peers'));
  if ('missing' in peer) {
    const [value = Number.NaN] = await mediansInTurn([ours], ROUNDS);
    return [{ ...row, value, peer: 'srt -c true', peerValue: null, ok: null, note: peer.missing }];
  }
  const theirs: TimedCommand = {
    argv: [process.execPath, peer.cli, '-c', 'true'],
    env: basics(folder),
    cwd: folder,
  };
  await timedRun(theirs);
  const [value = Number.NaN, peerValue = Number.NaN] = await mediansInTurn([ours, theirs], ROUNDS);
  const ratio = value / peerValue;
  return [
    {
      ...row,
      value,
      peer: 'srt -c true',
      peerValue,
      ratio,
      ok: ratio <= MAX_RATIO,
      note: `medians of ${ROUNDS}`,
    },
  ];
}

async function helpRow(folder: string): Promise<BenchRow> {
  const help: TimedCommand = { argv: [process.execPath, cli, '--help'], env: basics(folder), cwd: folder };
  const [value = Number.NaN] = await mediansInTurn([help], ROUNDS);
  return {
    name: 'bot-bottle --help',
    value,
    unit: 'ms',
    budget: `≤ ${MAX_HELP_MS} ms`,
    ok: value <= MAX_HELP_MS,
  };
}

function writeHome(folder: string): string {
  const home = join(folder, 'bot-bottle');
  for (const name of ['', 'bottles', 'agents']) mkdirSync(join(home, name), { mode: 0o700 });
  writeFileSync(
    join(home, 'bottles/bench.md'),
    '---\nagent_provider: { template: command, command: [sh] }\n---\n',
    { mode: 0o600 },
  );
  writeFileSync(join(home, 'agents/bench.md'), '---\nbottle: bench\n---\n', { mode: 0o600 });
  chmodSync(folder, 0o755);
  return home;
}

function basics(folder: string): Record<string, string> {
  const { PATH: path = '/usr/bin:/bin', LD_LIBRARY_PATH: libraries } = process.env;
  return { HOME: folder, PATH: path, ...(libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries }) };
}
