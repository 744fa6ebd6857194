import { surroundings } from '../host/surroundings.ts';
import { answer } from '../host/worker.ts';
import { type MeasureQuestion, measureEvidence } from './agent/measure-evidence.ts';

/** What the isolation tester has others do, so that it stays small itself; each ends with its answer. */
const own = surroundings(process.env);
const roles = { measure: (question: MeasureQuestion) => measureEvidence(question, own) };
answer(roles, process.argv[2], process.stdin).then(
  (text) => void process.stdout.write(text),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
