import { ENGINE_TRIALS } from '../components/network-manager/engine/engine-trials.ts';
import { EngineTruck } from '../components/network-manager/engine/engine-truck.ts';
import { allHold, firstToFail } from './kill.ts';
import type { Run } from './namespaces.ts';
import type { RequestMutation } from './requests.ts';

/** Asks a real Docker Engine on this machine for one option less each time. @throws Error if its trials fail without a mutation */
export async function inEngine(all: readonly RequestMutation[], { report, signal }: Run): Promise<void> {
  if (all.length === 0) return;
  const truck = await EngineTruck.make();
  try {
    await allHold(ENGINE_TRIALS, truck);
    for (const { name, what, of, change } of all) {
      signal.throwIfAborted();
      const begun = performance.now();
      truck.changing((asked, request) => {
        return asked === what && (of === undefined || request.Name === of) ? change(request) : request;
      });
      const killed = await firstToFail(
        ENGINE_TRIALS.filter(({ about }) => about === (of ?? what)),
        truck,
      );
      report({ truck: 'engine', mutation: name, ...killed, seconds: Math.round(performance.now() - begun) / 1000 });
    }
    truck.changing();
    await allHold(ENGINE_TRIALS, truck);
  } finally {
    await truck.remove();
  }
}
