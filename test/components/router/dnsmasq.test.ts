import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { run } from '../../../components/host/run.ts';
import { addressServices } from '../../../lib/truck/address-service.ts';
import { dnsmasqConfiguration } from '../../../lib/truck/dnsmasq.ts';
import { policyDocument } from '../../lib/policy/arbitrary.ts';
import { policyOf } from '../../lib/truck/support.ts';

/** The real dnsmasq reads what is written for it. */
jest.setTimeout(60_000);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'firebreak-dnsmasq-'));
});
afterAll(() => rm(directory, { recursive: true }));

test('dnsmasq takes the configuration of any segment of any policy', async () => {
  const anyServices = policyDocument()
    .map((document) => {
      const segments = Object.entries(document.segments).map(([name, segment]) => [name, { ...segment, dhcp: true }]);
      return { ...document, segments: Object.fromEntries(segments), dns: { servers: ['9.9.9.9'] } };
    })
    .map((document) => addressServices(policyOf(JSON.stringify(document))));
  await fc.assert(
    fc.asyncProperty(anyServices, async (services) => {
      for (const service of services) {
        const file = join(directory, 'dnsmasq.conf');
        await writeFile(file, dnsmasqConfiguration(service));
        await run(['dnsmasq', '--test', `--conf-file=${file}`]);
      }
    }),
    { numRuns: 50 },
  );
});
