/** One pkt-line (gitprotocol-common(5)); at most 65,516 bytes of content. */
export function pktLine(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes]);
}

export const flushPkt = Buffer.from('0000');

/** What git clients print as `fatal: remote error: …` in answer to a fetch. */
export function errorPkt(lines: readonly string[]): Buffer {
  return pktLine(`ERR ${lines.join('\n')}\n`);
}

/** What git clients print as `remote: …` in answer to a push, and then give up: band 3 of the sideband. */
export function fatalBand(lines: readonly string[]): Buffer {
  return pktLine(Buffer.concat([Buffer.from([3]), Buffer.from(`${lines.join('\n')}\n`)]));
}
