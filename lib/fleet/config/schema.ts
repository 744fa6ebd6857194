import * as z from 'zod';
import { DEPOT_PATTERN, STAGE_PATTERN } from '../names.ts';

const Email = z.email();
const whole = (least: number, most: number) => z.int().min(least).max(most);

/** How fast a ring's deployment goes, and what stops it. Bounds are those of AWS IoT jobs. */
const RingSettings = z.strictObject({
  /** Trucks a minute to begin with. */
  startPerMinute: whole(1, 1000).default(5),
  /** Trucks a minute at most. */
  mostPerMinute: whole(1, 1000).default(50),
  /** After so many successes the pace is multiplied by `factor`. */
  increaseAfter: whole(1, 100_000).default(10),
  factor: z.number().min(1.1).max(5).default(2),
  /** The deployment is stopped when so many percent of at least `abortAfter` trucks have failed or timed out. */
  abortPercent: z.number().min(1).max(100).default(10),
  abortAfter: whole(1, 100_000).default(3),
  /** A truck that hasn't finished after so long has failed: it was away, or is stuck. */
  timeoutMinutes: whole(1, 10_080).default(1440),
  /** So long may components put an update off, because the truck is on a mission. */
  deferSeconds: whole(1, 2_592_000).default(600),
  /** Versions of our components, instead of those built from this tree: to stay with, or to go back to, what was published before. */
  release: z
    .record(z.string(), z.string().regex(/^\d+\.\d+\.\d+$/, 'a version has three numbers, such as 1.2.3'))
    .optional(),
});

/** One fleet in one account and region. */
export const StageSettings = z.strictObject({
  /** The account; without it, that of the credentials at the time of deploying. */
  account: z
    .string()
    .regex(/^\d{12}$/, 'an account is 12 digits, as text in quotes')
    .optional(),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/)
    .optional(),
  /** File of the fleet's baseline policy, from the project's directory. */
  baseline: z.string().min(1),
  rings: z
    .strictObject({
      canary: RingSettings.prefault({ startPerMinute: 1, mostPerMinute: 5, abortAfter: 1 }),
      early: RingSettings.prefault({}),
      fleet: RingSettings.prefault({ startPerMinute: 10, mostPerMinute: 200, abortPercent: 5, abortAfter: 20 }),
    })
    .prefault({}),
  /** Where trucks are at home: each has a thing group, which one provisioned truck after the other joins as the allow-list says. */
  depots: z
    .array(z.string().regex(new RegExp(DEPOT_PATTERN), 'a depot is 1 to 24 small letters, digits and hyphens'))
    // The hook names all of them in one condition; DynamoDB takes no more.
    .max(100)
    .refine((depots) => new Set(depots).size === depots.length, 'a depot stands there twice')
    .default([]),
  /** Who is told by e-mail. Whoever is written here has to confirm a message from Amazon first. */
  alarms: z.strictObject({ page: z.array(Email).default([]), warn: z.array(Email).default([]) }).prefault({}),
  /** So long a change of policy may take to prove itself on a truck. */
  confirmWithinSeconds: whole(10, 3600).default(120),
  evidence: z.strictObject({ keepDays: whole(30, 3650).default(730) }).prefault({}),
  logs: z
    .strictObject({ keepDays: z.union([7, 14, 30, 60, 90, 180, 365].map((days) => z.literal(days))).default(30) })
    .prefault({}),
  /**
   * Device Defender's "detect" watches what trucks do. Amazon gives it to no new customer since 31 August 2026, so only an account that had it before
   * can say true here.
   */
  detect: z.boolean().default(false),
  /**
   * Trucks have Amazon's component for secure tunnels, by which a rescuer gets at their SSH. It asks for libraries that not every system has, and a
   * component that doesn't start fails its whole deployment: so it is to be asked for, and to be seen to work in the ring canary first.
   */
  tunnels: z.boolean().default(false),
  /** A warning by e-mail at 80 % and at 100 % of so many US dollars a month. */
  budget: z.strictObject({ monthlyUsd: whole(1, 1_000_000) }).optional(),
  tags: z.record(z.string().min(1).max(128), z.string().max(256)).default({}),
});

export const FleetSettings = z.strictObject({
  stages: z.record(
    z.string().regex(new RegExp(STAGE_PATTERN), 'a stage is 1 to 16 small letters and digits'),
    StageSettings,
  ),
});

export type RingSettings = Readonly<z.output<typeof RingSettings>>;
export type StageSettings = Readonly<z.output<typeof StageSettings>>;
