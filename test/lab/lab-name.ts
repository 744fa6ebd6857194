/**
 * Names of the labs of a run: each of jest's workers has its own, because tests change the truck that they have.
 * @param worker 1, 2, …, as JEST_WORKER_ID counts them
 */
export function labName(run: string, worker: number): string {
  return worker === 1 ? run : `${run}-${worker}`;
}
