import { zipSync } from 'fflate';

export interface PackedFile {
  readonly bytes: Uint8Array;
  readonly executable?: boolean;
}

/** Fields of local time, so they read the same in every time zone; ZIP knows nothing before 1980. */
const TIME = new Date(2020, 0, 1);
const UNIX = 3;
const MODES = { file: 0o100644, program: 0o100755 };

/**
 * Packs files, by their path in the archive. Equal files give equal bytes: names in order, fixed times and modes, and a compressor in
 * JavaScript, the same wherever and with whichever Node it runs.
 */
export function zip(files: Readonly<Record<string, PackedFile>>): Uint8Array {
  const entries = Object.entries(files)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([path, { bytes, executable = false }]) => {
      const mode = executable ? MODES.program : MODES.file;
      // The mode is the upper half of the external attributes.
      return [path, [bytes, { os: UNIX, attrs: mode * 0x10000, mtime: TIME }]] as const;
    });
  return zipSync(Object.fromEntries(entries) as Parameters<typeof zipSync>[0], { level: 6 });
}
