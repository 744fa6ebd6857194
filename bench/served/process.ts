import { text } from 'node:stream/consumers';
import { change } from './change.ts';
import { idle } from './idle.ts';

/** Looks at a truck in service from its internet, in the machine where both are: `node served.cjs change|idle`; question and answer are JSON. */
const TASKS = { change, idle };
export type Task = keyof typeof TASKS;
export type Question<Name extends Task> = Parameters<(typeof TASKS)[Name]>[0];
export type Answer<Name extends Task> = Awaited<ReturnType<(typeof TASKS)[Name]>>;

async function main(task: string): Promise<void> {
  const question: unknown = JSON.parse(await text(process.stdin));
  const answer = await TASKS[task as Task](question as never);
  process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit());
}

main(process.argv[2] ?? '').catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
