import { spawnSync } from 'node:child_process';

const required = new Set((process.env['BOT_BOTTLE_REQUIRE'] ?? '').split(','));

/** Why the tests cannot run here, else null; throws where BOT_BOTTLE_REQUIRE names docker. */
export const missingEngine: string | null = reason();

function reason(): string | null {
  const { status } = spawnSync('docker', ['version'], { stdio: 'ignore', timeout: 20_000 });
  if (status === 0) return null;
  if (required.has('docker')) throw new Error('BOT_BOTTLE_REQUIRE names docker, but no engine answers');
  process.stderr.write('skipped: tests that need a Docker engine: sh tools/engine.sh start\n');
  return 'no engine';
}

/**
 * Why what a README says cannot be done here, else null. The containers run as uid 1000, to whom what is mounted must
 * belong: that user is needed, or root, who can give it away.
 */
export const missingReader: string | null = missingEngine ?? readerReason();

function readerReason(): string | null {
  const uid = process.getuid?.();
  if (uid === 0 || uid === 1000) return null;
  process.stderr.write(`skipped: tests of READMEs, which need root or uid 1000, this is uid ${uid}\n`);
  return 'another user';
}
