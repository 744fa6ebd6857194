import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCredentials } from '../../../../lib/lab/cloud/certificates.ts';
import { type Cloud, type CloudOptions, startCloud } from '../../../../lib/lab/cloud/cloud.ts';
import { bundle } from '../../../components/bundle.ts';

/** A cloud on loopback, and what is to be done with it afterwards. */
export interface TestCloud {
  readonly cloud: Cloud;
  readonly directory: string;
  readonly program: string;
  end(): Promise<void>;
}

/** Tests that run side by side each have an address of 127.0.0.0/8, so that all can have the documented ports. */
const HOST = `127.88.${(process.pid >> 8) & 255}.${process.pid & 255 || 1}`;

export async function testCloud(limits: CloudOptions['limits'] = {}): Promise<TestCloud> {
  const directory = mkdtempSync(join(tmpdir(), 'firebreak-cloud-'));
  const program = join(directory, 'cloud.cjs');
  bundle("import './lib/lab/cloud/process.ts';", program);
  const things = ['truck-1', 'truck-2'];
  const options = { directory: join(directory, 'cloud'), host: HOST, things, program, limits };
  const cloud = await startCloud(options).catch((error: unknown) => {
    rmSync(directory, { recursive: true });
    throw error;
  });
  const end = async () => {
    await cloud.stop();
    rmSync(directory, { recursive: true });
  };
  return { cloud, directory: options.directory, program, end };
}

/** What a client of somebody else's is told: a thing, or the operator. */
export async function credentials(cloud: Cloud, thing?: string) {
  return await readCredentials(thing === undefined ? cloud.operator : await cloud.issue(thing));
}

export const shadowTopics = (thing: string, shadow: string) => `$aws/things/${thing}/shadow/name/${shadow}`;
