/** What a program needs before it can run. */
export interface Needs {
  /** Path of the dynamic linker; undefined: a library, or linked statically. */
  readonly interpreter: string | undefined;
  /** Names of shared libraries, e.g. libc.so.6. */
  readonly libraries: readonly string[];
}

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1;
const DT_STRTAB = 5;

/**
 * Reads the program headers of a 64-bit little-endian ELF file (elf(5)), so that it works for another architecture's programs too.
 * @returns undefined when it is no such file, e.g. a script.
 */
export function elfNeeds(file: Buffer): Needs | undefined {
  const isElf = file.length >= 64 && file.readUInt32BE(0) === 0x7f454c46 && file[4] === 2 && file[5] === 1;
  if (!isElf) return undefined;
  const segments = programHeaders(file);
  const interpreter = segments.find(({ type }) => type === PT_INTERP);
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  return {
    interpreter: interpreter === undefined ? undefined : text(file, interpreter.offset),
    libraries: dynamic === undefined ? [] : libraries(file, segments, dynamic),
  };
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

function programHeaders(file: Buffer): readonly Segment[] {
  const start = number(file, 32);
  const size = file.readUInt16LE(54);
  const count = file.readUInt16LE(56);
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * size;
    const [offset, address, fileSize] = [number(file, at + 8), number(file, at + 16), number(file, at + 32)];
    return { type: file.readUInt32LE(at), offset, address, size: fileSize };
  });
}

function libraries(file: Buffer, segments: readonly Segment[], dynamic: Segment): readonly string[] {
  const entries = Array.from({ length: Math.floor(dynamic.size / 16) }, (_, index) => {
    const at = dynamic.offset + index * 16;
    return { tag: number(file, at), value: number(file, at + 8) };
  });
  const strings = entries.find(({ tag }) => tag === DT_STRTAB)?.value;
  const segment = segments.find(
    ({ type, address, size }) =>
      type === PT_LOAD && strings !== undefined && strings >= address && strings < address + size,
  );
  if (strings === undefined || segment === undefined) return [];
  const table = strings - segment.address + segment.offset;
  return entries.filter(({ tag }) => tag === DT_NEEDED).map(({ value }) => text(file, table + value));
}

function number(file: Buffer, offset: number): number {
  return Number(file.readBigUInt64LE(offset));
}

function text(file: Buffer, offset: number): string {
  return file.toString('latin1', offset, file.indexOf(0, offset));
}
