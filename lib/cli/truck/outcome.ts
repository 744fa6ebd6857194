import { wishId } from '../../shadow/index.ts';
import { unlessInterrupted } from '../interrupt.ts';
import type { Cloud } from './cloud.ts';
import { isFinal, type Network, networkOf } from './reported.ts';

/** What became of a wish: what the truck reports of it, or why nobody will know. */
export type Outcome =
  | { readonly kind: 'reported'; readonly network: Network }
  /** Somebody has wished for something else meanwhile. */
  | { readonly kind: 'overtaken' }
  | { readonly kind: 'timeout'; readonly network: Network | null };

/**
 * Waits until the truck has said what came of the wish with this id.
 * @param onStatus is told each status on the way
 * @throws CloudError; the signal's reason
 */
export async function outcomeOf(
  cloud: Cloud,
  id: string,
  { timeoutMs, signal, onStatus }: { timeoutMs: number; signal: AbortSignal; onStatus: (status: string) => void },
): Promise<Outcome> {
  const done = new AbortController();
  let outcome: Outcome | null = null;
  let last: Network | null = null;
  const timer = setTimeout(() => done.abort(), timeoutMs);
  const following = cloud.follow(
    ['network'],
    (_name, shadow) => {
      const network = networkOf(shadow);
      if (shadow?.desired !== undefined && wishId(shadow.desired) !== id) outcome ??= { kind: 'overtaken' };
      else if (network?.desired?.id === id) {
        if (network.status !== last?.status) onStatus(network.status);
        last = network;
        if (isFinal(network.status)) outcome ??= { kind: 'reported', network };
      }
      if (outcome !== null) done.abort();
    },
    done.signal,
  );
  try {
    await unlessInterrupted(signal, following);
    return outcome ?? { kind: 'timeout', network: last };
  } finally {
    clearTimeout(timer);
    done.abort();
  }
}
