import type { ShadowName } from '../../shadow/index.ts';

/** A named shadow as the cloud has it. */
export interface Shadow {
  readonly desired?: unknown;
  readonly reported?: unknown;
  readonly version: number;
}

/** The cloud as seen from one truck's side of it: AWS IoT, or a lab's. Every call ends by itself after a while. */
export interface Cloud {
  /** null: there is none yet. @throws CloudError */
  readonly readShadow: (shadow: ShadowName) => Promise<Shadow | null>;
  /**
   * Sends an update of `desired`.
   * @param version the one it was made for; undefined: there was no shadow
   * @returns the new version
   * @throws CloudError, `conflict` when somebody else was quicker
   */
  readonly updateDesired: (
    shadow: ShadowName,
    update: Readonly<Record<string, unknown>>,
    version?: number,
  ) => Promise<number>;
  /** Tells what the shadows are, at once and after each change, until the signal. @throws CloudError */
  readonly follow: (
    shadows: readonly ShadowName[],
    say: (name: ShadowName, shadow: Shadow | null) => void,
    signal: AbortSignal,
  ) => Promise<void>;
  /** Hands over every message on the evidence topic, until the signal; `ready` when none is missed any longer. @throws CloudError */
  readonly listen: (hear: (payload: Uint8Array) => void, ready: () => void, signal: AbortSignal) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The cloud refused, or could not be asked. */
export class CloudError extends Error {
  override readonly name = 'CloudError';
  readonly kind: 'conflict' | 'not-found' | 'forbidden' | 'too-large' | 'unreachable' | 'refused';

  constructor(kind: CloudError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** By its name: the clients of the cloud are bundled apart, with a class of their own. */
export function isCloudError(error: unknown): error is CloudError {
  return error instanceof Error && error.name === 'CloudError';
}

/** What AWS IoT's status codes mean here (developer guide, "Device Shadow error messages"). */
export function refusalOf(code: number | undefined, said: string): CloudError {
  switch (code) {
    case 404:
      return new CloudError('not-found', said);
    case 409:
      return new CloudError('conflict', said);
    case 413:
      return new CloudError('too-large', said);
    case 401:
    case 403:
      return new CloudError('forbidden', `not allowed: ${said}`);
    default:
      return new CloudError('refused', `the cloud refuses it: ${said}`);
  }
}
