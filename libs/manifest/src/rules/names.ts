/** Stem of a bottle or agent file. */
export const entityNamePattern = /^[a-z][a-z0-9-]*$/;
/** Name of an environment variable, on the host or in the guest. */
export const envNamePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;
export const skillNamePattern = /^[a-z0-9][a-z0-9-]*$/;
/** `token` of RFC 9110 section 5.6.2. */
export const headerNamePattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Text that stays on one line: no C0 or C1 control character, no line or paragraph separator. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
export const oneLinePattern = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/;

/** Longest bottle, agent or skill name: it becomes part of file and socket names. */
export const MAX_NAME_LENGTH = 63;

export function isEntityName(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH && entityNamePattern.test(name);
}
