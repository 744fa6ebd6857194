/**
 * A named test that measures. Its content is apart from jest, so that whoever takes a countermeasure out can ask whether this very test would
 * notice (test/mutations).
 */
export interface Trial<Subject> {
  readonly name: string;
  /** What is wrong, in words; empty if it holds. @throws Error if it can't be measured */
  readonly problems: (subject: Subject) => Promise<readonly string[]>;
}

/** What is wrong, unless it holds. */
export const unless = (holds: boolean, words: string): readonly string[] => (holds ? [] : [words]);
