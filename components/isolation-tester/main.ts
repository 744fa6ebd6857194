import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { surroundings } from '../host/surroundings.ts';
import { runTester } from './agent/agent.ts';

// It mostly waits, for months: what the optimising compiler needs, 5 MB, is not worth it.
setFlagsFromString('--no-opt');
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort()).once('SIGINT', () => stop.abort());
runTester(surroundings(process.env), join(__dirname, 'worker.js'), stop.signal).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
