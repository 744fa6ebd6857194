const FIRST_MS = 1000;
const LONGEST_MS = 60_000;

/** Milliseconds to wait after so many failures in a row: 1 s, 2 s, 4 s, … 60 s; after none, none. */
export function backOff(failures: number): number {
  return failures === 0 ? 0 : Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS);
}
