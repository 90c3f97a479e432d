/** One instruction of classic BPF as the kernel's `struct sock_filter` has it (linux/filter.h). */
export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

// BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_{JEQ,JSET}|BPF_K, BPF_RET|BPF_K
export const opcodes = { load: 0x20, jeq: 0x15, jset: 0x45, ret: 0x06 } as const;

export const load = (offset: number): Instruction => ({ code: opcodes.load, jt: 0, jf: 0, k: offset });
export const ret = (value: number): Instruction => ({ code: opcodes.ret, jt: 0, jf: 0, k: value });
/** Skips `jt` instructions when equal, else `jf`; at most 255 each. */
export const jeq = (k: number, jt: number, jf: number): Instruction => ({ code: opcodes.jeq, jt, jf, k });
export const jset = (k: number, jt: number, jf: number): Instruction => ({ code: opcodes.jset, jt, jf, k });

/** The program as bytes for `bwrap --seccomp`: an array of `struct sock_filter` in the machine's byte order. */
export function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, { code, jt, jf, k }] of program.entries()) {
    if (jt > 255 || jf > 255) throw new RangeError('a BPF jump reaches at most 255 instructions');
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jt, index * 8 + 2);
    bytes.writeUInt8(jf, index * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, index * 8 + 4);
  }
  return bytes;
}
