import * as z from 'zod/mini';
import type { Shadow } from './cloud.ts';

const State = z.object({
  state: z.optional(z.object({ desired: z.optional(z.unknown()), reported: z.optional(z.unknown()) })),
  version: z.optional(z.number()),
});
/** What of the shadow service's messages matters here (AWS IoT developer guide, "Device Shadow service documents"). */
const Message = z.extend(State, {
  clientToken: z.optional(z.string()),
  code: z.optional(z.number()),
  message: z.optional(z.string()),
  /** On the topic `documents`. */
  current: z.optional(State),
});
export type Message = z.infer<typeof Message>;

/** null: it is none. */
export function readMessage(payload: Uint8Array): Message | null {
  try {
    return Message.safeParse(JSON.parse(new TextDecoder().decode(payload))).data ?? null;
  } catch {
    return null;
  }
}

export function shadowOf({ state, version }: z.infer<typeof State>): Shadow {
  return {
    ...(state?.desired !== undefined && { desired: state.desired }),
    ...(state?.reported !== undefined && { reported: state.reported }),
    version: version ?? 0,
  };
}
