/** As the nucleus has them (developer guide, "Component lifecycle"). */
export type State = 'NEW' | 'INSTALLED' | 'STARTING' | 'RUNNING' | 'STOPPING' | 'FINISHED' | 'ERRORED' | 'BROKEN';

/** Those who depend on it may start. */
export function isUp(state: State | undefined): boolean {
  return state === 'RUNNING' || state === 'FINISHED';
}

/** So many errors in a row in the same state, and a component is broken. */
const MOST_ERRORS = 3;
/** Errors further apart than this aren't in a row, in milliseconds. */
export const ERROR_RESET_MS = 3_600_000;

/** Counts errors by the state in which they happened, as the nucleus does. */
export class ErrorCount {
  readonly #resetMs: number;
  readonly #times = new Map<State, number[]>();

  constructor(resetMs: number = ERROR_RESET_MS) {
    this.#resetMs = resetMs;
  }

  /** @returns whether that was one too many */
  add(state: State, now: number): boolean {
    const times = this.#times.get(state) ?? [];
    const last = times.at(-1);
    const row = last !== undefined && now - last < this.#resetMs ? times : [];
    this.#times.set(state, [...row, now]);
    return row.length + 1 >= MOST_ERRORS;
  }

  /** It got out of this state without an error. */
  forget(state: State): void {
    this.#times.delete(state);
  }
}
