import { gzipSync } from 'node:zlib';
import type { Anything } from '../lib/policy/documents.ts';
import { ARTICLE, type Document } from './served-lab.ts';

/** What nobody should write into `desired`, and a shadow nevertheless takes: it has to be refused on the truck, with field path and reason. */
interface Bad {
  readonly what: string;
  readonly desired: Document;
  /** Of the field that is said to be wrong. */
  readonly path: string;
}

/** The article's policy with a fault. */
const broken = (fault: (document: Anything) => unknown): Document => {
  const document: Anything = JSON.parse(JSON.stringify(ARTICLE));
  fault(document);
  return document;
};
const zip = (value: unknown) => gzipSync(JSON.stringify(value)).toString('base64');
const deep = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
const policy = (what: string, path: string, fault: (document: Anything) => unknown): Bad => ({
  what,
  desired: { policy: broken(fault) },
  path: `desired.policy.${path}`,
});

export const BAD_DESIRED: readonly Bad[] = [
  policy('a VLAN that there isn’t', 'segments.br0net.vlan', (d) => (d.segments.br0net.vlan = 9999)),
  policy('a VLAN in words', 'segments.br0net.vlan', (d) => (d.segments.br0net.vlan = 'ten')),
  policy('two segments with one VLAN', 'segments.br1net.vlan', (d) => (d.segments.br1net.vlan = 1)),
  policy('a segment without a subnet', 'segments.br0net.subnet', (d) => delete d.segments.br0net.subnet),
  policy('a subnet in words', 'segments.br0net.subnet', (d) => (d.segments.br0net.subnet = 'everything')),
  policy('a router outside its segment', 'segments.br0net.router', (d) => (d.segments.br0net.router = '10.0.2.3')),
  policy('segments as a list', 'segments', (d) => (d.segments = [1, 2])),
  policy('a trunk in words', 'trunk', (d) => (d.trunk = 'enp2s0')),
  policy('an unknown key', 'segmnets', (d) => (d.segmnets = 1)),
  policy('another version of the format', 'version', (d) => (d.version = 2)),
  policy('a sequence below nothing', 'sequence', (d) => (d.sequence = -1)),
  policy(
    'a container in no segment',
    'containers.container1.segment',
    (d) => (d.containers.container1.segment = 'br9net'),
  ),
  policy('a command without an image', 'containers.container1.command', (d) => delete d.containers.container1.image),
  policy(
    'an address of another segment',
    'containers.container1.address',
    (d) => (d.containers.container1.address = '10.0.2.9'),
  ),
  policy('a device with half a MAC address', 'devices.device1.mac', (d) => (d.devices.device1.mac = '02:00')),
  policy(
    'a flow from nobody',
    'flows.f.from',
    (d) => (d.flows = { f: { from: 'nobody', to: 'container1', protocol: 'icmp' } }),
  ),
  policy(
    'a protocol of nobody',
    'flows.f.protocol',
    (d) => (d.flows = { f: { from: 'container1', to: 'container2', protocol: 'carrier' } }),
  ),
  policy(
    'a port in words',
    'flows.f.ports[0]',
    (d) => (d.flows = { f: { from: 'container1', to: 'container2', protocol: 'tcp', ports: ['http'] } }),
  ),
  policy('an uplink with a driver of nobody', 'uplinks.wlan.driver', (d) => (d.uplinks.wlan.driver = 'pigeon')),
  { what: 'a policy that is text', desired: { policy: 'version: 1' }, path: 'desired.policy' },
  { what: 'a policy that is a list', desired: { policy: [1] }, path: 'desired.policy' },
  { what: 'neither policy nor patch', desired: { thing: 'truck' }, path: 'desired' },
  { what: 'a policy and a patch', desired: { policy: ARTICLE, patch: { version: 1 } }, path: 'desired.patch' },
  { what: 'a key of nobody', desired: { policy: ARTICLE, polcy: 1 }, path: 'desired.polcy' },
  { what: 'a policy for another truck', desired: { policy: ARTICLE, thing: 'truck-8' }, path: 'desired.thing' },
  { what: 'an older sequence', desired: { policy: ARTICLE, sequence: 0 }, path: 'desired.sequence' },
  { what: 'a sequence of text', desired: { policy: ARTICLE, sequence: '4' }, path: 'desired.sequence' },
  {
    what: 'a fault in the patch',
    desired: { patch: { segments: { service: { vlan: -1 } } } },
    path: 'desired.patch.segments.service.vlan',
  },
  { what: 'what is not base64', desired: { policyGzip: '{"version":1}' }, path: 'desired.policyGzip' },
  {
    what: 'packed, but no JSON',
    desired: { policyGzip: gzipSync('version: 1').toString('base64') },
    path: 'desired.policyGzip',
  },
  {
    what: 'a bomb',
    desired: { policyGzip: gzipSync(Buffer.alloc(3_000_000, 32)).toString('base64') },
    path: 'desired.policyGzip',
  },
  { what: '20 levels', desired: { policyGzip: zip(deep(20)) }, path: 'desired.policyGzip.a.a.a' },
];
