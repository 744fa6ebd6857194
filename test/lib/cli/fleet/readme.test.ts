import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CreateDeploymentCommand, GreengrassV2Client } from '@aws-sdk/client-greengrassv2';
import { RINGS, ringGroup } from '../../../../lib/fleet/names.ts';
import { groupArn } from '../../../../lib/lab/cloud/account/groups.ts';
import { reportExecution } from '../../../../lib/lab/cloud/account/jobs/executions.ts';
import { Endpoint, useLabCredentials } from '../../lab/cloud/account/endpoint.ts';
import { EXAMPLES } from '../../truck/support.ts';
import { examplesIn, firebreak } from '../support.ts';

/** The README's chapter on fleets, line by line, one after the other, as a cloud engineer would. */
jest.setTimeout(120_000);
useLabCredentials();

const README = readFileSync(join(EXAMPLES, '..', 'README.md'), 'utf8');
const chapter = /^## A fleet\n[\s\S]*?```sh\n([\s\S]*?)```/m.exec(README)?.[1] ?? '';
const lines = examplesIn(chapter);

let endpoint: Endpoint;
const directory = mkdtempSync(join(tmpdir(), 'firebreak-readme-'));
const home = process.cwd();
beforeAll(async () => {
  endpoint = await Endpoint.start();
  process.env.FIREBREAK_FLEET_ENDPOINT = endpoint.url;
  endpoint.account.buckets.set('firebreak-evidence', new Map());
  const greengrass = new GreengrassV2Client({ endpoint: endpoint.url });
  for (const ring of RINGS) {
    await endpoint.truck(`truck-${ring}`, ring, { isolation: { verdict: 'isolated' } });
    const components = { 'com.firebreak.Router': { componentVersion: '1.0.0' } };
    await greengrass.send(new CreateDeploymentCommand({ targetArn: groupArn(ringGroup('lab', ring)), components }));
  }
  greengrass.destroy();
  symlinkSync(EXAMPLES, join(directory, 'examples'));
  const built = join(directory, 'build/components/components.json');
  mkdirSync(dirname(built), { recursive: true });
  writeFileSync(built, JSON.stringify([{ name: 'com.firebreak.Router', version: '2.0.0' }]));
  process.chdir(directory);
});
afterAll(async () => {
  process.chdir(home);
  delete process.env.FIREBREAK_FLEET_ENDPOINT;
  rmSync(directory, { recursive: true });
  await endpoint?.end();
});

test('there is one', () => expect(lines.length).toBeGreaterThan(8));

test.each(lines.map((words) => [words.join(' '), words] as const))('firebreak %s', async (_line, words) => {
  // The trucks do what they are told.
  if (words.includes('watch')) {
    for (const job of endpoint.account.jobs.values())
      reportExecution(
        job,
        endpoint.account,
        job.target.name.replace('firebreak-lab-ring', 'truck'),
        'SUCCEEDED',
        Date.now(),
      );
  }
  const { exitCode, stderr } = await firebreak(...words);
  expect([exitCode, stderr.split('\n').filter((line) => line.startsWith('firebreak:'))]).toEqual([0, []]);
});
