import * as z from 'zod';

/** What the process is told, in a file. */
export const SimulatorConfiguration = z.strictObject({
  /** Of the cloud: certificates are in there. */
  cloud: z.string(),
  host: z.string(),
  port: z.int(),
  trucks: z.array(z.string()),
  components: z.record(z.string(), z.string()),
  shares: z.strictObject({ breached: z.number(), rollingBack: z.number(), failing: z.number() }),
  applyMs: z.number().min(0),
});
export type SimulatorConfiguration = z.infer<typeof SimulatorConfiguration>;
