import * as z from 'zod';
import { SERIAL_PATTERN } from '../names.ts';

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

/** The group of the ring that the allow-list says, if there is such a ring; otherwise the default one. */
export function ringGroupOf(ring: string | undefined, { RING_GROUPS, DEFAULT_GROUP }: NodeJS.ProcessEnv): string {
  const groups = JSON.parse(RING_GROUPS ?? '{}') as Record<string, string>;
  const group = ring === undefined ? undefined : groups[ring];
  if (group !== undefined) return group;
  if (DEFAULT_GROUP === undefined) throw new Error('DEFAULT_GROUP is not set');
  return DEFAULT_GROUP;
}
