import { GreengrassIpc } from '../../../../components/host/ipc/greengrass-ipc.ts';
import { getShadow, onDelta } from '../../../../components/host/ipc/shadow.ts';
import { networkManagerAccess, shadowTopic } from '../../../../lib/shadow/index.ts';
import { ComponentNucleus, THING } from './nucleus.ts';

/** A program: loses the connection again and again while calls and subscriptions are being activated, and says so at its end. */
const ROUNDS = 60;
const CALLS = 8;
const SUBSCRIPTIONS = 4;

async function lose(): Promise<void> {
  const nucleus = new ComponentNucleus('network-manager', networkManagerAccess(THING));
  await nucleus.begin();
  const stop = new AbortController();
  const ipc = new GreengrassIpc({
    say: () => undefined,
    pace: { connectMs: 2000, callMs: 2000, retryMs: [1, 5] },
    newClient: nucleus.newClient('network-manager'),
  });
  for (let count = 0; count < SUBSCRIPTIONS; count++)
    onDelta(ipc, `${shadowTopic(THING, 'network')}/update/delta`, () => undefined);
  const running = ipc.run(stop.signal);
  for (let round = 0; round < ROUNDS; round++) {
    await ipc.connected(stop.signal);
    const calls = Array.from({ length: CALLS }, () => getShadow(ipc, THING, 'network').catch(() => null));
    await nucleus.stop();
    await Promise.all(calls);
    await nucleus.begin();
  }
  stop.abort();
  await running;
  await nucleus.end();
}

void lose().then(() => console.log('lived'));
