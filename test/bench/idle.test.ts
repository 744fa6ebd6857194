import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Idle } from '../../bench/served/traffic.ts';
import { ipBatch } from '../../components/host/ip.ts';
import { run } from '../../components/host/run.ts';
import { type Cloud, startCloud } from '../../lib/lab/cloud/cloud.ts';
import { bundle } from '../components/bundle.ts';

jest.setTimeout(120_000);

/** The lab's cloud in a network namespace, and another one at the end of a cable to it (root is needed). */
const INTERNET = `fbt-${process.pid}-internet`;
const TRUCK = `fbt-${process.pid}-truck`;
const inside = (namespace: string) => ({ netns: `/run/netns/${namespace}` });
const HOST = '198.51.100.10';

let directory: string;
let cloud: Cloud;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'firebreak-idle-'));
  await ipBatch([
    ...[`netns add ${INTERNET}`, `netns add ${TRUCK}`],
    `link add name uplink netns ${TRUCK} type veth peer name truck netns ${INTERNET}`,
  ]);
  await ipBatch(
    ['link set dev lo up', 'address add 192.0.2.1/30 dev truck', 'link set dev truck up'],
    inside(INTERNET).netns,
  );
  await ipBatch(
    ['address add 192.0.2.2/30 dev uplink', 'link set dev uplink up', 'route add default via 192.0.2.1'],
    inside(TRUCK).netns,
  );
  const program = join(directory, 'cloud.cjs');
  bundle("import './lib/lab/cloud/process.ts';", program);
  bundle("import './bench/served/process.ts';", join(directory, 'served.cjs'));
  cloud = await startCloud({ directory: join(directory, 'cloud'), host: HOST, program, ...inside(INTERNET) });
});
afterAll(async () => {
  await cloud.stop();
  await ipBatch([`netns delete ${INTERNET}`, `netns delete ${TRUCK}`]);
  rmSync(directory, { recursive: true });
});

async function idle(): Promise<Idle> {
  const { endpoint, operator } = cloud;
  const broker = { host: endpoint.host, port: endpoint.mqtt, ...operator };
  const input = JSON.stringify({ broker, thing: 'truck-1', seconds: 1, settleSeconds: 0 });
  return JSON.parse(
    await run([process.execPath, join(directory, 'served.cjs'), 'idle'], { input, ...inside(INTERNET) }),
  );
}

test('who looks on is not counted himself, and leaves no rules', async () => {
  const { seconds, ...counted } = await idle();
  expect(counted).toEqual({ sentBytes: 0, receivedBytes: 0, messages: [] });
  expect(seconds).toBeGreaterThanOrEqual(1);
  expect(await run(['nft', 'list', 'ruleset'], inside(INTERNET))).toBe('');
});

test('what comes over the uplink for the broker is counted, in both directions', async () => {
  const knock = `setInterval(() => require('net').connect(${cloud.endpoint.mqtt}, '${HOST}').on('error', () => 0), 50); console.log('begun')`;
  const truck = spawn('nsenter', [`--net=${inside(TRUCK).netns}`, process.execPath, '-e', knock]);
  try {
    await once(truck.stdout, 'data');
    const { sentBytes, receivedBytes } = await idle();
    expect(sentBytes).toBeGreaterThan(0);
    expect(receivedBytes).toBeGreaterThan(0);
  } finally {
    truck.kill('SIGKILL');
  }
});
