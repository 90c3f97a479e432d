/** Longest body that is read, in bytes after decompression. */
export const MAX_BODY_BYTES = 1024 * 1024;

/** The body as text, or null when it is longer than `MAX_BODY_BYTES`; the rest is not received. */
export async function readBody(response: Response): Promise<string | null> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels the stream, which closes the connection.
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
