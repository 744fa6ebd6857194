import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { credentialsOf } from '../cloud/certificates.ts';
import { CLOUD_PROGRAM } from '../cloud/cloud.ts';
import { cloudPaths } from '../cloud/configuration.ts';
import { haltDaemon } from '../daemon.ts';
import { thisMachine } from '../machine/this-machine.ts';
import { SimulatorConfiguration } from './configuration.ts';
import { SimulatedFleet } from './simulated-fleet.ts';

const TASKS = {
  connect: (fleet: SimulatedFleet, { things }: Question) => fleet.connect(things),
  disconnect: (fleet: SimulatedFleet, { things }: Question) => fleet.disconnect(things),
  beat: (fleet: SimulatedFleet) => fleet.beat(),
  echo: (fleet: SimulatedFleet) => fleet.echo(),
  look: (fleet: SimulatedFleet) => fleet.look(),
};
export type Task = keyof typeof TASKS;
export type Answer<Name extends Task> = Awaited<ReturnType<(typeof TASKS)[Name]>>;
/** One line of JSON on standard input. */
export interface Question {
  readonly id: number;
  readonly task: Task;
  readonly things: readonly string[];
}

/** `node simulator.cjs CONFIGURATION`: a question a line, an answer a line: `{ id, result }` or `{ id, error }`. It ends with its input, and the cloud with it. */
async function main(file: string): Promise<void> {
  const configuration = SimulatorConfiguration.parse(JSON.parse(readFileSync(file, 'utf8')));
  const fleet = new SimulatedFleet(configuration, (thing) => {
    const { ca, certificate, key } = credentialsOf(configuration.cloud, thing);
    return { ca: readFileSync(ca), cert: readFileSync(certificate), key: readFileSync(key) };
  });
  const say = (answer: object) => process.stdout.write(`${JSON.stringify(answer)}\n`);
  for await (const line of createInterface({ input: process.stdin })) {
    const question = JSON.parse(line) as Question;
    Promise.resolve(TASKS[question.task](fleet, question)).then(
      (result: unknown) => say({ id: question.id, result }),
      (error: unknown) => say({ id: question.id, error: error instanceof Error ? error.message : String(error) }),
    );
  }
  fleet.disconnect(configuration.trucks);
  // Whoever has started both may have been killed: nobody else ends the cloud.
  await haltDaemon(thisMachine(), cloudPaths(configuration.cloud).pidFile, CLOUD_PROGRAM);
}

main(process.argv[2] ?? '').then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
