/**
 * One word per argument for the shell that git starts for GIT_SSH_COMMAND: inside single quotes nothing has a meaning
 * but the single quote itself (POSIX.1-2017, 2.2.2).
 */
export function shellQuote(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
}
