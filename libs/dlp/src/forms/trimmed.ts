/** A value without the white space that files and prompts leave around it. */
export function trimmed(value: string): Buffer {
  return Buffer.from(value.trim(), 'utf8');
}
