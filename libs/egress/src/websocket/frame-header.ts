/** RFC 6455 11.8; every other opcode is refused. */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export type Opcode = (typeof opcodes)[keyof typeof opcodes];

/** Why a connection must be failed (RFC 6455 7.1.7): the close code that says so, and a sentence for the log. */
export interface FrameRefusal {
  readonly code: 1002 | 1007 | 1009;
  readonly reason: string;
}

export interface FrameHeader {
  readonly fin: boolean;
  readonly opcode: Opcode;
  /** bytes of payload */
  readonly length: number;
}

/** Longest header: two bytes, a length of eight, a mask of four. */
export const MAX_HEADER = 14;
/** Longest payload of a control frame (RFC 6455 5.5). */
export const MAX_CONTROL = 125;
/** Longest frame that is taken. Nothing is ever allocated for an announced length; no program sends longer ones. */
export const MAX_FRAME = 1024 * 1024 * 1024;

/** Bytes of a header whose first two bytes are known; the mask's included. */
export function headerLength(second: number): number {
  const short = second & 0x7f;
  return 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + ((second & 0x80) === 0 ? 0 : 4);
}

/**
 * Reads a complete header strictly (RFC 6455 5.2): no extension was negotiated, so no reserved bit may be set; a frame
 * is masked exactly when it comes from a client; a length is written in as few bytes as it needs.
 */
export function parseFrameHeader(bytes: Buffer, isFromClient: boolean): FrameHeader | FrameRefusal {
  const [first = 0, second = 0] = bytes;
  if ((first & 0x70) !== 0) return refusal('a reserved bit is set');
  const opcode = opcodeOf(first & 0x0f);
  if (opcode === null) return refusal('reserved opcode');
  if (((second & 0x80) !== 0) !== isFromClient)
    return refusal(isFromClient ? 'a frame of a client is not masked' : 'a frame of a server is masked');
  const fin = (first & 0x80) !== 0;
  const short = second & 0x7f;
  if (isControl(opcode)) {
    if (!fin) return refusal('a control frame is fragmented');
    if (short > MAX_CONTROL) return refusal('a control frame is longer than 125 bytes');
    return { fin, opcode, length: short };
  }
  if (short < 126) return { fin, opcode, length: short };
  const length = short === 126 ? bytes.readUInt16BE(2) : longLength(bytes);
  if (length === null) return refusal('the top bit of a length is set');
  if (length < (short === 126 ? 126 : 65_536)) return refusal('a length is not written minimally');
  if (length > MAX_FRAME) return { code: 1009, reason: 'a frame is too long' };
  return { fin, opcode, length };
}

export function isControl(opcode: Opcode): boolean {
  return opcode >= opcodes.close;
}

export function refusal(reason: string): FrameRefusal {
  return { code: 1002, reason };
}

function opcodeOf(value: number): Opcode | null {
  switch (value) {
    case 0:
    case 1:
    case 2:
    case 8:
    case 9:
    case 10:
      return value;
    default:
      return null;
  }
}

/** null: the most significant bit is set, which RFC 6455 5.2 forbids */
function longLength(bytes: Buffer): number | null {
  const high = bytes.readUInt32BE(2);
  if (high >= 0x8000_0000) return null;
  return high * 0x1_0000_0000 + bytes.readUInt32BE(6);
}
