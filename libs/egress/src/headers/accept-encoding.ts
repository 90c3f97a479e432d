/**
 * Keeps of an Accept-Encoding value (null: the field was absent, which allows any) what can be decoded, so that an
 * echo of the credential can be found in the answer. `identity` when nothing is left.
 */
export function reduceAcceptEncoding(value: string | null, decodable: readonly string[]): string {
  const kept = (value ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => {
      const [coding = ''] = part.split(';');
      return (
        decodable.includes(coding.trim().toLowerCase()) &&
        /^[\w-]+(?:\s*;\s*q=[01](?:\.\d{0,3})?)?$/i.test(part)
      );
    });
  return kept.length === 0 ? 'identity' : kept.join(', ');
}
