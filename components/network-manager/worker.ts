import { answer } from '../host/worker.ts';
import { type Question, ROLES } from './agent/work.ts';
import { truckSurroundings } from './surroundings.ts';

/** What the network manager has others do, so that it stays small itself; each ends with its answer. */
const own = truckSurroundings(process.env);
const roles = Object.fromEntries(
  Object.entries(ROLES).map(([role, act]) => [role, (question: never) => act(question as Question<never>, own)]),
);
answer(roles, process.argv[2], process.stdin).then(
  (text) => void process.stdout.write(text),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
