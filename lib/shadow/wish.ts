import type { NetworkDesired } from './desired.ts';
import { DESIRED_BYTES, isShadowable, jsonBytes, SHADOW_BYTES } from './limits.ts';
import { pack } from './packed.ts';
import { replacing } from './replace.ts';

/** What shall be written into `desired`. */
export interface WishDraft {
  /** Is the document a whole policy, or a patch on the fleet's baseline? */
  readonly what: 'policy' | 'patch';
  readonly document: Readonly<Record<string, unknown>>;
  readonly thing?: string;
  readonly sequence?: number;
}

export interface WrittenWish {
  readonly desired: NetworkDesired;
  /** To be sent as the new `desired`: it replaces all that stands there. */
  readonly update: Readonly<Record<string, unknown>>;
  /** Of the section as it will stand in the shadow, compact JSON. */
  readonly bytes: number;
}

/** The wish doesn't fit into a shadow, not even packed. */
export class WishTooLargeError extends Error {
  override readonly name = 'WishTooLargeError';

  constructor(what: WishDraft['what'], bytes: number) {
    super(
      `the ${what} takes ${bytes} bytes of the shadow though it is packed, and ${DESIRED_BYTES} is all there is: put what trucks have in common into the fleet's baseline, and send a patch`,
    );
  }
}

/**
 * The plain form, which people can read; the packed one if the plain one is too large or says what a shadow can't hold: null, an empty map.
 * @param previous `desired` as it stands
 * @throws WishTooLargeError
 */
export function writeWish({ what, document, thing, sequence }: WishDraft, previous: unknown): WrittenWish {
  const beside = { ...(thing !== undefined && { thing }), ...(sequence !== undefined && { sequence }) };
  const written = (desired: NetworkDesired): WrittenWish => ({
    desired,
    update: replacing(previous, { ...desired }),
    bytes: jsonBytes(desired),
  });
  if (isShadowable(document)) {
    const plain = written({ [what]: document, ...beside });
    if (isShadowable(plain.desired) && plain.bytes <= DESIRED_BYTES && jsonBytes(plain.update) <= MOST_UPDATE_BYTES)
      return plain;
  }
  const packed = written({ [`${what}Gzip`]: pack(document), ...beside });
  if (packed.bytes > DESIRED_BYTES) throw new WishTooLargeError(what, packed.bytes);
  return packed;
}

/** The message that carries the update, nulls and all, has a shadow's size as its limit, too; version and token stand beside. */
const MOST_UPDATE_BYTES = SHADOW_BYTES - 256;
