const base = 0x400000;
const headers = 64 + 56;

/**
 * A program for x86-64 without libraries that opens a vsock socket as 32-bit programs do: `socketcall` by interrupt 0x80,
 * where the family is behind a pointer that no filter follows. It ends with 0 when the socket opened.
 */
export function foreignCallProgram(): Buffer {
  const code = (args: number): number[] =>
    [
      [0xb8, 102, 0, 0, 0], // mov eax, 102: socketcall
      [0xbb, 1, 0, 0, 0], // mov ebx, 1: socket
      [0xb9, ...word(args)], // mov ecx, args
      [0xcd, 0x80], // int 0x80
      [0x89, 0xc7, 0xc1, 0xef, 31], // mov edi, eax; shr edi, 31
      [0xb8, 60, 0, 0, 0, 0x0f, 0x05], // mov eax, 60: exit; syscall
    ].flat();
  const at = base + headers + code(0).length;
  const body = [...code(at), ...[40, 1, 0].flatMap(word)];
  const file = Buffer.alloc(headers + body.length);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(file); // ELF, 64 bits, little-endian
  file.writeUInt16LE(2, 16); // executable
  file.writeUInt16LE(62, 18); // x86-64
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(base + headers), 24); // entry
  file.writeBigUInt64LE(64n, 32); // program headers
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64); // PT_LOAD
  file.writeUInt32LE(5, 68); // read, execute
  file.writeBigUInt64LE(BigInt(base), 80);
  file.writeBigUInt64LE(BigInt(base), 88);
  file.writeBigUInt64LE(BigInt(file.length), 96);
  file.writeBigUInt64LE(BigInt(file.length), 104);
  file.writeBigUInt64LE(0x1000n, 112);
  Buffer.from(body).copy(file, headers);
  return file;
}

const word = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
