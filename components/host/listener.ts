/** Whoever is told of events; what they were is for the next look to find out. */
export interface Listener {
  /** From now on every event is noticed. */
  readonly began: () => void;
  readonly noticed: () => void;
}
