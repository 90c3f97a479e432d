import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Arena, type Snapshot } from './arena.ts';
import { attackClasses } from './attacks/index.ts';
import { witnessNames, type Attack, type Backend } from './attack.ts';
import { changes, judgeAttack, judgeControl } from './judge.ts';
import { cellOf, notRun, readPublished } from './published.ts';
import { writeResults, type Result } from './results.ts';
import { subjects, type Subject } from './subject.ts';

const published = readPublished();
/** A pattern that chooses attacks by their id; what is not chosen is not judged. */
const only = new RegExp(process.env['ESCAPE_ONLY'] ?? '');
const isWriting = process.env['ESCAPE_WRITE'] === '1';
const START_MS = 360_000;
const ATTACK_MS = 240_000;

/** Tests of every attack on every subject of one backend. A test file has one backend, so that two run at once. */
export function attackSubjects(backend: Backend): void {
  // A backend without published verdicts has nothing to compare with, which is said and skipped.
  const isPublished = [...published.values()].some((cells) => (cells[backend] ?? notRun) !== notRun);
  if (!isPublished && !isWriting) {
    process.stderr.write(
      `skipped: attacks on ${backend}: docs/escape.md has no verdicts of it; npm run escape -- --write\n`,
    );
  }
  const compared = subjects.filter((subject) => subject.backend === backend);
  it.skipIf(compared.length === 0)(`${backend} is attacked by ${compared.length} users of the host`, () => {
    expect(compared.some(({ isWhole }) => isWhole)).toBe(true);
  });
  describe.skipIf(!isPublished && !isWriting).each(compared)('attacks on $name', attackSubject);
}

function attackSubject(subject: Subject): void {
  let opened: Arena | null = null;
  let last: { id: string; snapshot: Snapshot } | null = null;
  const results: Result[] = [];

  beforeAll(async () => {
    opened = await Arena.open(subject);
  }, START_MS);
  afterAll(async () => {
    // A bottle that did not start has no results: those of an earlier run must not stand for it.
    if (only.source === '(?:)') writeResults(subject.name, results);
    await opened?.close();
  }, START_MS);

  function arena(): Arena {
    if (opened === null) throw new Error('the arena is not open');
    return opened;
  }

  /** What came between two attacks belongs to the first of them: it may only have been late. */
  async function nothingLate(): Promise<void> {
    if (last === null) return;
    const { id, snapshot } = last;
    last = null;
    const now = await arena().snapshot();
    for (const name of witnessNames)
      expect(changes(snapshot, now, name), `${name}, late after ${id}`).toEqual([]);
  }

  async function run(attack: Attack): Promise<void> {
    await nothingLate();
    const verdict = await judgeAttack(arena(), attack);
    const cell = cellOf(attack, subject.backend, verdict);
    results.push({
      attack: attack.id,
      backend: subject.backend,
      cell,
      why: verdict.state === 'open' ? verdict.why : null,
    });
    last = { id: attack.id, snapshot: await arena().snapshot() };
    if (isWriting) return;
    const why = verdict.state === 'open' ? verdict.why : 'it is contained';
    expect(cell, `${attack.id}: ${why}`).toBe(published.get(attack.id)?.[subject.backend]);
  }

  for (const { title, byUser, controls, attacks } of attackClasses) {
    if (!subject.isWhole && byUser !== true) continue;
    const chosen = attacks.filter(({ id }) => only.test(id));
    if (chosen.length === 0) continue;
    describe(title, () => {
      it.each(controls)(
        '$id: $does',
        async (control) => {
          last = null;
          expect(await judgeControl(arena(), control)).toEqual([]);
        },
        ATTACK_MS,
      );

      for (const attack of chosen) {
        const reason = attack.notApplicable?.[subject.backend];
        it.skipIf(reason !== undefined)(
          `${attack.id}: ${attack.tries}`,
          async (context) => {
            const missing = attack.silent.map((name) => arena().missing(name)).find((each) => each !== null);
            if (missing !== undefined) context.skip(missing ?? '');
            else await run(attack);
          },
          ATTACK_MS,
        );
      }
    });
  }

  it('leaves no secret of the bottle in what the operator keeps', async () => {
    await nothingLate();
    expect(arena().leftSecrets()).toEqual([]);
  });
}
