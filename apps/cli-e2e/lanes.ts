/**
 * The test files by what may run at the same time: lanes `one` and `two` beside each other, a file of each at a time,
 * and then those that need to be `alone`. Two have about the same to do; what uses the Docker engine is in one lane.
 */
export const laneNames = ['one', 'two', 'alone'] as const;
export type LaneName = (typeof laneNames)[number];

/** `bot-bottle cleanup` takes what is left of every bottle of a user: these call it, or count what is left. */
export const alone = [
  'test/docker-faults.test.ts',
  'test/docker-lifecycle.test.ts',
  'test/docker.test.ts',
  'test/git-gate-deploy-keys.test.ts',
  'test/lifecycle-launcher-killed.test.ts',
  'test/logs.test.ts',
  'test/resume-deploy-keys.test.ts',
  'test/resume.test.ts',
];

const two = [
  '{escape,test}/*docker*.test.ts',
  'test/diff.test.ts',
  'test/guard-pipelock*.test.ts',
  'test/resume-hostile-home.test.ts',
  'test/supervise-asks.test.ts',
];

const everything = ['{escape,test}/**/*.test.ts'];

/** Globs of the files of a lane; without one, of all of them. */
export function filesOf(lane: string | undefined): { include: string[]; exclude: string[] } {
  switch (lane) {
    case undefined:
      return { include: everything, exclude: [] };
    case 'one':
      return { include: everything, exclude: [...two, ...alone] };
    case 'two':
      return { include: two, exclude: alone };
    case 'alone':
      return { include: alone, exclude: [] };
    default:
      throw new Error(`E2E_LANE is "${lane}" and not one of ${laneNames.join(', ')}`);
  }
}
