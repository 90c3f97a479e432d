/** Who runs the CLI in a test: isolation must hold for root and for an ordinary user alike. */
export interface Operator {
  readonly name: 'root' | 'user';
  readonly uid: number;
}

const ordinaryUid = 61_999;
const self = process.getuid?.() ?? 0;

/** Both operators when the tests run as root, else only the one that they run as. */
export const operators: readonly Operator[] =
  self === 0
    ? [
        { name: 'root', uid: 0 },
        { name: 'user', uid: ordinaryUid },
      ]
    : [{ name: 'user', uid: self }];
