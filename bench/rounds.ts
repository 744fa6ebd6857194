/** One who takes part: does the work once. @returns the sample */
export type Contender<Name extends string> = readonly [name: Name, work: () => Promise<number>];

/**
 * Lets all do their work in turns, so that what disturbs the machine for a while disturbs all of them; who begins changes with every round.
 * @returns each one's samples in the order of the rounds
 */
export async function inTurns<Name extends string>(
  contenders: readonly Contender<Name>[],
  rounds: number,
): Promise<Readonly<Record<Name, readonly number[]>>> {
  const samples = Object.fromEntries(contenders.map(([name]) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds; round++) {
    const first = round % Math.max(1, contenders.length);
    for (const [name, work] of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      samples[name].push(await work());
    }
  }
  return samples;
}

/** Milliseconds that it takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
