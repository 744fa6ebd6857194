import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Credentials } from '../../lib/lab/cloud/certificates.ts';
import { deployComponents } from '../../lib/lab/deploy-components.ts';
import type { Greengrass } from '../../lib/lab/greengrass/greengrass.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import { parsePolicy } from '../../lib/policy/index.ts';
import { example, openLab, ROOT } from './support.ts';

/** The components as they are shipped, on the lab's truck: told by its shadow what to be, and saying by it what was measured. */
jest.setTimeout(1_200_000);

const THING = 'truck';
/** The first policy of a truck: its way to the cloud. */
const BASELINE = {
  version: 1,
  trunk: { interface: 'enp2s0' },
  host: { internet: true },
  uplinks: {
    wlan: { interface: 'wlp3s0f0', subnet: '192.168.50.0/24', address: '192.168.50.2', gateway: '192.168.50.1' },
  },
  segments: { service: { vlan: 900, subnet: '10.90.0.0/24', router: '10.90.0.1' } },
} as const;

let lab: Lab;
let greengrass: Greengrass;

beforeAll(async () => {
  lab = await openLab();
  await lab.plug(example('article.yaml'));
  await lab.firebreak(['down']);
  await lab.cloud.start();
  greengrass = await lab.greengrass(THING);
  await greengrass.start();
});
afterAll(async () => {
  await greengrass?.stop();
  await lab?.cloud.stop();
});

test('deployed components make the truck what the baseline says, and reach the cloud through its router', async () => {
  await deployComponents(greengrass, join(ROOT, 'build', 'components'), { policy: BASELINE });
  console.log(JSON.stringify(await greengrass.status(), null, 1));
});
