import fc from 'fast-check';
import { buildTopology } from '../../../lib/lab/build-topology.ts';
import { rewire } from '../../../lib/lab/rewire.ts';
import { topology } from '../../../lib/lab/topology.ts';
import type { Policy } from '../../../lib/policy/index.ts';
import { policyDocument } from '../policy/arbitrary.ts';
import { example, policyOf } from '../truck/support.ts';
import { Cables } from './cables.ts';

const anyPolicy = policyDocument().map((document) => policyOf(JSON.stringify(document)));
const article = example('article.yaml');
const station = example('station.yaml');

async function built(policy: Policy): Promise<Cables> {
  const cables = new Cables();
  await buildTopology(cables, topology('lab', policy));
  return cables;
}

test('from the article to the station everything is plugged as if it had been built for the station', async () => {
  const cables = await built(article);
  await rewire(cables, 'lab', article, station);
  expect(cables.dump()).toEqual((await built(station)).dump());
});

test('from any policy over any other to a third nothing is left of the first two', async () => {
  await fc.assert(
    fc.asyncProperty(anyPolicy, anyPolicy, anyPolicy, async (first, second, third) => {
      const cables = await built(first);
      await rewire(cables, 'lab', first, second);
      await rewire(cables, 'lab', second, third);
      expect(cables.dump()).toEqual((await built(third)).dump());
    }),
  );
});

test('no command is given in the truck', async () => {
  const cables = await built(article);
  const before = cables.argvs.length;
  await rewire(cables, 'lab', article, station);
  const rewiring = cables.argvs.slice(before);
  expect(rewiring.length).toBeGreaterThan(0);
  expect(rewiring.filter((argv) => argv.includes('fb.lab.truck'))).toEqual([]);
});

test('from a policy to itself no command is given at all', async () => {
  await fc.assert(
    fc.asyncProperty(anyPolicy, async (policy) => {
      const cables = await built(policy);
      const before = cables.argvs.length;
      await rewire(cables, 'lab', policy, { ...policy, revision: article.revision });
      expect(cables.argvs.slice(before)).toEqual([]);
    }),
  );
});

test('devices of segments that stay the same stay plugged', async () => {
  const cables = await built(article);
  const before = cables.argvs.length;
  const [one, other] = article.segments;
  if (one === undefined || other === undefined) throw new Error('the article has two segments');
  await rewire(cables, 'lab', article, { ...article, segments: [one, { ...other, vlan: 77 }] });
  const touched = cables.argvs.slice(before).flatMap((argv) => argv.filter((word) => word.startsWith('fb.lab.')));
  expect(new Set(touched)).toEqual(new Set(['fb.lab.switch', 'fb.lab.device2']));
  expect(cables.vlans('fb.lab.switch', 'port2')).toEqual(['77 pvid untagged']);
});

test('another router is told to a device, which stays plugged', async () => {
  const cables = await built(article);
  const before = cables.argvs.length;
  const segments = article.segments.map((segment) => ({ ...segment, router: segment.router.replace(/3$/, '9') }));
  const other = { ...article, segments };
  await rewire(cables, 'lab', article, other);
  expect(cables.argvs.slice(before).map((argv) => argv.slice(0, 3).join(' '))).toEqual([
    'ip -n fb.lab.device1',
    'ip -n fb.lab.device2',
  ]);
  expect(cables.dump()).toEqual((await built(other)).dump());
});

const [wlan] = article.uplinks;
if (wlan === undefined) throw new Error('the article has an uplink');

test.each<[string, Policy]>([
  ['another trunk', { ...article, trunk: { interface: 'eth7' } }],
  ['another uplink interface', { ...article, uplinks: [{ ...wlan, interface: 'wwan0' }] }],
  ['one uplink more', { ...article, uplinks: [wlan, { ...wlan, name: 'lte', interface: 'wwan0' }] }],
  ['no uplink', { ...article, uplinks: [] }],
])('%s is other hardware: it is refused, and nothing is changed', async (_what, other) => {
  const cables = await built(article);
  const before = cables.dump();
  await expect(rewire(cables, 'lab', article, other)).rejects.toThrow('take the lab down and up again');
  expect(cables.dump()).toEqual(before);
});

test('an uplink with another address is no other hardware', async () => {
  const addressing = { kind: 'static', subnet: '172.16.0.0/16', address: '172.16.0.2', gateway: '172.16.0.1' } as const;
  const other = { ...article, uplinks: [{ ...wlan, addressing }] };
  const cables = await built(article);
  await rewire(cables, 'lab', article, other);
  expect(cables.dump()).toEqual((await built(other)).dump());
});
