import { type Instruction, opcodes } from '../src/seccomp/bpf.ts';

export interface Call {
  readonly arch: number;
  readonly nr: number;
  readonly args?: readonly bigint[];
}

/** Runs a filter as the kernel would and returns its verdict. */
export function evaluate(program: readonly Instruction[], call: Call): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.nr >>> 0, 0);
  data.writeUInt32LE(call.arch >>> 0, 4);
  for (const [index, value] of (call.args ?? []).entries())
    data.writeBigUInt64LE(BigInt.asUintN(64, value), 16 + index * 8);
  let accumulator = 0;
  for (let at = 0; at < program.length; at += 1) {
    const step = program[at];
    if (step === undefined) break;
    switch (step.code) {
      case opcodes.load:
        accumulator = data.readUInt32LE(step.k);
        break;
      case opcodes.jeq:
        at += accumulator === step.k >>> 0 ? step.jt : step.jf;
        break;
      case opcodes.jset:
        at += (accumulator & step.k) !== 0 ? step.jt : step.jf;
        break;
      case opcodes.ret:
        return step.k;
      default:
        throw new Error(`unknown instruction ${step.code}`);
    }
  }
  throw new Error('the filter ended without a verdict');
}
