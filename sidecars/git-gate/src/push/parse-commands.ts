import type { RefUpdate } from '../contracts.ts';

const shape = /^([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) ([^\0\n]+)$/;

/** Each ref costs a run of git to prove and two arguments to forward. */
const MAX_REFS = 1000;

/** Commands of a push as git gives them to its hook; a text: why they cannot be used. */
export function parseCommands(commands: readonly string[]): RefUpdate[] | string {
  if (commands.length > MAX_REFS)
    return `${commands.length} refs in one push, at most ${MAX_REFS}: push fewer`;
  const updates = commands.map((command) => {
    const [, oldOid = '', newOid = '', ref = ''] = shape.exec(command) ?? [];
    return { ref, oldOid: orNull(oldOid), newOid: orNull(newOid) };
  });
  if (updates.some(({ ref, oldOid, newOid }) => ref === '' || (oldOid === null && newOid === null)))
    return 'a command of the push cannot be read';
  if (updates.length === 0) return 'the push has no commands';
  const refs = new Set(updates.map(({ ref }) => ref));
  return refs.size === updates.length ? updates : 'a ref is named twice';
}

const orNull = (oid: string): string | null => (/^0*$/.test(oid) ? null : oid);
