import type { Trial } from '../components/trial.ts';

/** What became of one mutation. */
export interface Outcome {
  /** Of which policy, or where. */
  readonly truck: string;
  readonly mutation: string;
  /** The test that fails because of it; undefined: none does, it survives. */
  readonly killedBy?: string;
  /** What that test says, first of all. */
  readonly because?: string;
  readonly seconds: number;
}

/** A frame that got through did so; what is missing may have been lost on a busy machine. */
const GOT_THROUGH = /: open,|: breach,|: it arrived/;

/** Asks one trial after the other until one fails; if only because something is missing, twice in a row. */
export async function firstToFail<Subject>(
  trials: readonly Trial<Subject>[],
  subject: Subject,
  again: () => void = () => undefined,
): Promise<Pick<Outcome, 'killedBy' | 'because'>> {
  for (const { name, problems } of trials) {
    let found = await problems(subject);
    if (found.length > 0 && !found.some((problem) => GOT_THROUGH.test(problem))) {
      again();
      found = await problems(subject);
    }
    const [because] = found;
    if (because !== undefined) return { killedBy: name, because };
  }
  return {};
}

/** Without any mutation all must hold, or a kill would mean nothing. @throws Error that names those that don't */
export async function allHold<Subject>(trials: readonly Trial<Subject>[], subject: Subject): Promise<void> {
  for (const { name, problems } of trials) {
    const found = await problems(subject);
    if (found.length > 0) throw new Error(`${name}: fails without a mutation: ${found.join('; ')}`);
  }
}
