import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { judgeFlood } from '../../lib/lab/flood/judge.ts';
import { LabFlood } from '../../lib/lab/flood/lab-flood.ts';
import { checkDocument, type Policy } from '../../lib/policy/index.ts';
import { shown } from './flooding.ts';
import { ARTICLE, type Document, ServedLab } from './served-lab.ts';
import { failures, matrix, ROOT, untilProved } from './support.ts';

/** A truck in service to which things happen: processes die, its power is cut, the cloud is away, each at the worst moment. */

/** So many random kills of a component; the acceptance is 50. */
const KILLS = Number(process.env.FIREBREAK_LAB_COMPONENT_KILLS ?? 2);
/** The seed is in the test's name; FIREBREAK_LAB_SEED runs it again. */
const SEED = Number(process.env.FIREBREAK_LAB_SEED ?? Date.now() % 1_000_000);
/** A component is killed within so many milliseconds after a wish was written. */
const LATEST_MS = 30_000;

jest.setTimeout(1_200_000 + KILLS * 300_000);

const FLOW: Document = {
  ...ARTICLE,
  flows: { 'one-to-two': { from: 'container1', to: 'container2', protocol: 'icmp' } },
};
/** With an uplink that leads nowhere; each another, because what was rolled back is not tried a second time. */
const cut = (octet: number): Document => ({
  ...ARTICLE,
  uplinks: {
    wlan: {
      interface: 'wlp3s0f0',
      ...{ subnet: `192.168.${octet}.0/24`, address: `192.168.${octet}.2`, gateway: `192.168.${octet}.1` },
    },
  },
});

let served: ServedLab;
let flood: LabFlood | undefined;
let revision: string;

beforeAll(async () => {
  // Whoever is killed on purpose every minute has more than three errors an hour.
  served = await ServedLab.open({ errorResetSeconds: 1 });
  await served.deploy();
  const { revision: baseline } = await served.until('network', ({ status }) => status === 'applied');
  await served.desire({ policy: ARTICLE });
  revision = await served.appliedAndIsolated(baseline?.id);
});
afterAll(async () => {
  await flood?.counts.end();
  await served?.close();
});

/** The change to what was last desired has begun on the truck: it is in force and waits for its proof. */
async function isProvisional(): Promise<void> {
  const ask = 'until grep -q \'"state": "pending"\' "$FIREBREAK_STATE"/checkpoint.json; do sleep 0.2; done';
  await served.lab.exec('truck', ['sh', '-c', ask], { timeoutMs: 300_000 });
}

async function cutIsRolledBack(): Promise<void> {
  const told = await served.until('network', ({ status }) => status === 'rolled-back');
  expect(told.revision?.id).toBe(revision);
  expect(failures(await matrix(served.lab, JSON.stringify(ARTICLE)))).toEqual([]);
  await served.replaceDesired({ policy: ARTICLE });
  await served.until('network', ({ status }) => status === 'applied');
}

test('a policy that cuts the uplink is rolled back though the network manager is killed right after applying it', async () => {
  await served.replaceDesired({ policy: cut(77) });
  await isProvisional();
  expect(await served.kill('network-manager')).toBe(true);
  await cutIsRolledBack();
});

test('and though the truck’s power is cut then', async () => {
  await served.replaceDesired({ policy: cut(78) });
  await isProvisional();
  await served.reboot();
  await cutIsRolledBack();
});

test('without the cloud a truck that starts is what it was; when the cloud is back it becomes what was desired meanwhile', async () => {
  await served.lab.cloud.stop();
  await served.reboot();
  await untilProved(served.lab, JSON.stringify(ARTICLE), { deadline: 600_000, meanwhile: () => undefined });
  await served.lab.cloud.start();
  await served.replaceDesired({ policy: FLOW });
  const opened = await served.appliedAndIsolated(revision);
  await served.replaceDesired({ policy: ARTICLE });
  revision = await served.appliedAndIsolated(opened);
});

test(`components are killed (${KILLS} times, seed ${SEED}) while wishes come: each converges, and nothing forbidden passes`, async () => {
  const kills = fc.sample(
    fc.record({
      component: fc.constantFrom('network-manager' as const, 'isolation-tester' as const),
      afterMs: fc.nat(LATEST_MS),
    }),
    { numRuns: KILLS, seed: SEED },
  );
  flood = await LabFlood.start(served.lab, join(ROOT, 'build'));
  const policies = [ARTICLE, FLOW].map(policyOf);
  for (const [index, { component, afterMs }] of kills.entries()) {
    const phase = `kill ${index + 1}`;
    await flood.phase(phase, policies);
    await served.replaceDesired({ policy: index % 2 === 0 ? FLOW : ARTICLE });
    await pause(afterMs);
    const ran = await served.kill(component);
    revision = await served.appliedAndIsolated(revision);
    const verdict = judgeFlood(await flood.counts.settle(), { [phase]: policies }, () => 'killed');
    process.stderr.write(
      `      ${phase}: ${component} ${ran ? 'killed' : 'was not there'} ${afterMs} ms after the wish; ${verdict.forbidden.length} of ${verdict.forbiddenSent} forbidden packets passed\n`,
    );
    expect([phase, shown(verdict).forbidden]).toEqual([phase, []]);
    await flood.counts.forget();
  }
});

function policyOf(document: Document): Policy {
  const { policy, problems } = checkDocument(document);
  if (policy === undefined) throw new Error(JSON.stringify(problems));
  return policy;
}
