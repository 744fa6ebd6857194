import { join } from 'node:path';
import * as z from 'zod';
import { CERTIFICATE_DIRECTORY } from './certificates.ts';

/** What the cloud's process is told, in a file. */
export const CloudConfiguration = z.strictObject({
  /** Everything that it keeps is in here. */
  directory: z.string(),
  host: z.ipv4(),
  ports: z.strictObject({ mqtt: z.int(), https: z.int() }),
  /** What the broker has queued for sessions, and what it retains: on disk at once, or gone with it. */
  sessions: z.enum(['kept', 'forgotten']),
  limits: z.strictObject({
    /** Bytes of a shadow's state. */
    shadowSize: z.int().min(1).max(30_720),
    /** Requests a second for one thing's shadows; without it they aren't counted. AWS takes 20. */
    requestsPerSecond: z.int().min(1).optional(),
    /** Requests a second of operations of the control plane, by their name; the others aren't counted. */
    operationsPerSecond: z.record(z.string(), z.int().min(1)).optional(),
  }),
});
export type CloudConfiguration = z.infer<typeof CloudConfiguration>;

/** Where the cloud keeps what. */
export function cloudPaths(directory: string) {
  return {
    certificates: join(directory, CERTIFICATE_DIRECTORY),
    shadows: join(directory, 'shadows'),
    account: join(directory, 'account.json'),
    broker: join(directory, 'broker'),
    brokerConfiguration: join(directory, 'broker', 'mosquitto.conf'),
    brokerAccess: join(directory, 'broker', 'access'),
    configuration: join(directory, 'configuration.json'),
    pidFile: join(directory, 'cloud.pid'),
    log: join(directory, 'cloud.log'),
  };
}
