import * as z from 'zod';
import { depotGroup, depotsGroup, LAST_RING, RINGS, ringGroup, SERIAL_PATTERN } from '../names.ts';

/** As much of the hook's event as is relied on. */
const Event = z.looseObject({
  certificateId: z.string().min(1),
  parameters: z.looseObject({ SerialNumber: z.string().regex(new RegExp(SERIAL_PATTERN)) }),
});

/** A truck asks for an identity. */
export interface Claim {
  readonly serial: string;
  readonly certificateId: string;
  /** ISO 8601. */
  readonly at: string;
}

/** What AWS IoT wants to know of a pre-provisioning hook. */
export type HookAnswer =
  | { readonly allowProvisioning: false }
  | { readonly allowProvisioning: true; readonly parameterOverrides: Readonly<Record<string, string>> };

/** undefined: no truck of ours asks like that. The serial number becomes part of policies, so it has no sign that means something there. */
export function claimsOf(event: unknown, now = new Date()): Claim | undefined {
  const parsed = Event.safeParse(event);
  if (!parsed.success) return undefined;
  const { certificateId, parameters } = parsed.data;
  return { serial: parameters.SerialNumber, certificateId, at: now.toISOString() };
}

/** The group of the ring that the allow-list says, if there is such a ring; otherwise that of the last one. */
export function ringGroupOf(said: string | undefined, stage: string): string {
  return ringGroup(stage, RINGS.find((ring) => ring === said) ?? LAST_RING);
}

/** The group of the depot that the allow-list says; of trucks without one, that of all. */
export function depotGroupOf(said: string | undefined, stage: string): string {
  return said === undefined ? depotsGroup(stage) : depotGroup(stage, said);
}
