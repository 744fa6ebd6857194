import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { connectMqtt } from '../../../../lib/cli/truck/mqtt-cloud.ts';
import { wrongWith } from '../../../../lib/cli/truck/status.ts';
import { Lab } from '../../../../lib/lab/lab.ts';
import { thisMachine } from '../../../../lib/lab/machine/this-machine.ts';
import { parsePolicy } from '../../../../lib/policy/index.ts';
import type { Evidence } from '../../../../lib/shadow/index.ts';
import { shadowTopic } from '../../../../lib/shadow/index.ts';
import { until } from '../../../components/host/until.ts';
import { TestClient } from '../../lab/cloud/client.ts';
import { credentials, type TestCloud, testCloud } from '../../lab/cloud/support.ts';
import { EXAMPLES, example } from '../../truck/support.ts';
import { firebreak } from '../support.ts';
import { ScriptedTruck } from './scripted-truck.ts';

const asked = jest.fn<Promise<string>, [string]>();
jest.mock('node:readline/promises', () => ({
  createInterface: () => ({ question: (text: string) => asked(text), close: () => undefined, once: () => undefined }),
}));

/** The commands against the lab's cloud; at the other end is a scripted truck. */
jest.setTimeout(60_000);

const ARTICLE = join(EXAMPLES, 'article.yaml');
const STATION = join(EXAMPLES, 'station.yaml');
const directory = mkdtempSync(join(tmpdir(), 'firebreak-truck-'));
const file = (name: string, text: string) => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};
const textOf = (name: string) => readFileSync(join(EXAMPLES, name), 'utf8');
let run: TestCloud;
let truck: ScriptedTruck;
let number = 0;

beforeAll(async () => {
  run = await testCloud();
});
beforeEach(async () => {
  number++;
  truck = await ScriptedTruck.start(run.cloud, `truck-cli-${number}`);
});
afterEach(async () => {
  await truck?.end();
});
afterAll(async () => {
  await run?.end();
  rmSync(directory, { recursive: true });
});

/** Somebody sits at a terminal and answers. */
function answers(answer: () => Promise<string>): void {
  asked.mockImplementation(answer);
  Object.defineProperty(process.stdin, 'isTTY', { value: true, configurable: true });
}
afterEach(() => {
  asked.mockReset();
  Object.defineProperty(process.stdin, 'isTTY', { value: undefined, configurable: true });
});

const connection = (thing = truck.thing) => {
  const { endpoint, operator } = run.cloud;
  const identity = ['--ca', operator.ca, '--cert', operator.certificate, '--key', operator.key];
  return ['--thing', thing, '--endpoint', `${endpoint.host}:${endpoint.mqtt}`, ...identity];
};
const told = (...words: readonly string[]) => firebreak('truck', ...words, ...connection());
const set = (...words: readonly string[]) => told('policy', 'set', ...words, '--yes');
/** By somebody else's client. */
async function shadowOf(shadow: 'network' | 'isolation') {
  const client = await TestClient.connect(run.cloud);
  const topic = shadowTopic(truck.thing, shadow);
  await client.subscribe(`${topic}/get/accepted`);
  const document = await client.ask(`${topic}/get`, '', 'accepted');
  await client.end();
  return document as {
    state: { desired: Record<string, unknown>; reported: Record<string, unknown> };
    version: number;
  };
}

describe('policy set', () => {
  test('writes a policy, and ends with 0 when the truck has applied it', async () => {
    const { exitCode, stdout, stderr } = await set(ARTICLE);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining('applying') });
    expect(stdout).toMatch(/^applied: revision 1-\w{12} is in force on truck-cli-/);
    const { desired, reported } = (await shadowOf('network')).state;
    expect(desired).toMatchObject({ thing: truck.thing, sequence: 1, policy: { trunk: { interface: 'enp2s0' } } });
    expect(reported).toMatchObject({ status: 'applied', revision: { sequence: 1 } });
  });

  test('replaces what was desired before, and counts on', async () => {
    await set(STATION);
    expect((await set(ARTICLE)).stdout).toMatch(/revision 8-/);
    const { desired } = (await shadowOf('network')).state;
    expect(desired).toEqual({ policy: parse(textOf('article.yaml')), thing: truck.thing, sequence: 8 });
  });

  test('--json is one document: what was written, and what came of it', async () => {
    const { stdout } = await set(ARTICLE, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      thing: truck.thing,
      version: 1,
      sequence: 1,
      id: expect.stringMatching(/^\w{12}$/),
      reported: { status: 'applied' },
    });
  });

  test('of a wrong policy writes nothing, ends with 2 and names each field', async () => {
    const bad = file('bad.yaml', textOf('article.yaml').replace('vlan: 2', 'vlan: two'));
    const { exitCode, stderr } = await set(bad);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('segments.br1net.vlan');
    expect((await told('policy', 'get')).exitCode).toBe(1);
  });

  test('that the truck refuses ends with 2, with the truck’s problems', async () => {
    const patch = file('patch.yaml', 'segments: { cab: { vlan: 0 } }');
    truck.baseline = parse(textOf('station.yaml'));
    const { exitCode, stderr } = await set(patch, '--patch');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/refused\n.*error desired\.patch\.segments\.cab\.vlan: Expected a number of at least 1/);
  });

  test('that the truck rolls back ends with 1 and says why', async () => {
    truck.character = 'rolls back';
    const { exitCode, stderr } = await set(ARTICLE);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`${truck.thing}: rolled back: the cloud was out of reach`);
  });

  test('of a truck that sleeps ends with 1 after its time; the policy stays desired', async () => {
    truck.character = 'is asleep';
    const { exitCode, stderr } = await set(ARTICLE, '--timeout', '0.3');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('does not answer after 0.3 s; the policy stays desired');
    expect((await set(ARTICLE, '--no-wait')).exitCode).toBe(0);
  });

  test('of a patch with null is packed, and the truck understands it', async () => {
    truck.baseline = parse(textOf('fleet-baseline.yaml'));
    const patch = [join(EXAMPLES, 'truck-patch.yaml'), '--patch', '--baseline', join(EXAMPLES, 'fleet-baseline.yaml')];
    const { exitCode, stdout } = await set(...patch);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/revision 13-/);
    expect(Object.keys((await shadowOf('network')).state.desired)).toEqual(['patchGzip', 'thing', 'sequence']);
    const got = await told('policy', 'get');
    expect(parse(got.stdout)).toEqual(parse(textOf('truck-patch.yaml')));
  });

  test('doesn’t write over what somebody else wrote while the question was asked', async () => {
    await set(ARTICLE);
    const other = await TestClient.connect(run.cloud);
    const topic = shadowTopic(truck.thing, 'network');
    await other.subscribe(`${topic}/update/accepted`);
    answers(async () => {
      await other.publish(`${topic}/update`, { state: { desired: { sequence: 50 } }, clientToken: 'other' });
      await until('the other’s update', () => other.heard.some(({ payload }) => payload.clientToken === 'other'));
      return 'y';
    });
    const { exitCode, stderr } = await told('policy', 'set', STATION);
    await other.end();
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/has changed since version \d+, and nothing was written: look at what is desired now/);
    expect((await shadowOf('network')).state.desired).toMatchObject({ sequence: 50 });
  });

  test('asks first, and writes nothing unless it hears yes', async () => {
    answers(() => Promise.resolve(''));
    const { exitCode, stderr } = await told('policy', 'set', ARTICLE);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('nothing was written')]);
    answers(() => Promise.resolve('Yes'));
    expect((await told('policy', 'set', ARTICLE)).exitCode).toBe(0);
    expect(asked.mock.calls[0]).toEqual([
      expect.stringMatching(/truck-cli-.*revision 1-\w{12}, \d+ bytes\. Write it\? \[y\/N\]/),
    ]);
  });

  test('asks; without anybody to ask it writes nothing', async () => {
    const { exitCode, stderr } = await told('policy', 'set', ARTICLE);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/Write it\? Nobody can be asked here: say --yes/);
    expect((await told('policy', 'get')).exitCode).toBe(1);
  });
});

describe('the drops', () => {
  const drops = (...words: readonly string[]) => told('drops', ...words);

  test('of a truck that has measured show whom it kept from whom', async () => {
    truck.drops = Array.from({ length: 12 }, (_, port) => ({
      ...{ from: 'container1', to: 'device2', probe: `tcp/${8000 + port}`, packets: 12 - port, bytes: 60 },
    }));
    await truck.measure(example('article.yaml'));
    const { exitCode, stdout } = await drops();
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/container1 +device2 +tcp\/8000 +12 *\n(?:.*\n)*.*and 2 more pairs/);
    const { drops: shown, moreDrops } = JSON.parse((await drops('--json')).stdout);
    expect([shown[0], shown.length, moreDrops]).toEqual([
      { from: 'container1', to: 'device2', probe: 'tcp/8000', packets: 12 },
      10,
      2,
    ]);
  });

  test('of one that has dropped nothing are none', async () => {
    await truck.measure(example('article.yaml'));
    expect((await drops()).stdout).toContain('nothing was dropped in the last hour');
  });

  test('of one that has reported nothing are not known', async () => {
    const { exitCode, stderr } = await drops();
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('has not reported its isolation yet')]);
  });
});

describe('status', () => {
  test('of a truck that never said anything ends with 1', async () => {
    const { exitCode, stderr } = await told('status');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('has reported nothing yet')]);
  });

  test('of one that is as it shall be, and was measured, ends with 0', async () => {
    await set(ARTICLE);
    await truck.measure(example('article.yaml'));
    const { exitCode, stdout } = await told('status');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /network: applied, revision 1-\w+ is in force\n(?:.*\n)*isolation: isolated, revision 1-\w+: 28 as-expected/,
    );
    expect(JSON.parse((await told('status', '--json')).stdout)).toMatchObject({
      network: { reported: { status: 'applied' } },
      isolation: { reported: { verdict: 'isolated' } },
    });
  });

  test('of one with a breach ends with 1 and shows the pair', async () => {
    await set(ARTICLE);
    await truck.measure(example('article.yaml'), (id) => id === 'container1>device2 icmp');
    const { exitCode, stdout, stderr } = await told('status');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('its isolation is breached')]);
    expect(stdout).toMatch(/breach +container1 +device2 +icmp +isolated +reachable +it arrived and was answered/);
  });

  test('of one that has been silent for more than an hour ends with 1', async () => {
    await set(ARTICLE);
    await truck.measure(example('article.yaml'));
    const [network, isolation] = [await shadowOf('network'), await shadowOf('isolation')].map(({ state, version }) => ({
      ...state,
      version,
    }));
    expect(wrongWith(network ?? null, isolation ?? null, Date.now() + 3_600_000)).toEqual([]);
    expect(wrongWith(network ?? null, isolation ?? null, Date.now() + 3_800_000)).toEqual([
      expect.stringMatching(/nothing was heard of its isolation since 20/),
    ]);
  });

  test('of one that was measured with another policy ends with 1', async () => {
    await set(ARTICLE);
    await truck.measure(example('station.yaml'));
    expect((await told('status')).stderr).toMatch(/measured for revision 7-\w+, which is not in force/);
  });
});

describe('matrix', () => {
  async function matrix(evidence: Evidence, ...words: readonly string[]) {
    const asking = told('matrix', ...words);
    // The evidence isn't kept by the cloud: it is published again until somebody has heard it.
    let ended = false;
    void asking.finally(() => {
      ended = true;
    });
    await until('the matrix', async () => {
      await truck.publish(evidence);
      return ended;
    });
    return asking;
  }

  test('is that of the next evidence, as a table', async () => {
    const { exitCode, stdout } = await matrix(await truck.measure(example('article.yaml')));
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/✓ +container1 +device1 +icmp +reachable +reachable/);
    expect(stdout).toContain('28 of 28 rows as expected: isolated');
  });

  test('is there at once if the cloud has retained the evidence, but not if that is older than the last measurement', async () => {
    await truck.publish(await truck.measure(example('station.yaml')), true);
    expect((await told('matrix')).stdout).toContain('134 of 134 rows as expected: isolated');
    await truck.measure(example('station.yaml'));
    const { exitCode, stderr } = await told('matrix', '--timeout', '0.5');
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/passed over: evidence of .*; the shadow tells of .*\n(?:.*\n)*.*no evidence came/),
    ]);
  });

  test('whoever listens a second time gets what is retained again', async () => {
    await truck.publish(await truck.measure(example('station.yaml')), true);
    const { endpoint, operator } = run.cloud;
    const [ca, cert, key] = [operator.ca, operator.certificate, operator.key].map((path) => readFileSync(path));
    if (ca === undefined || cert === undefined || key === undefined) throw new Error('no credentials');
    const address = {
      host: endpoint.host,
      port: endpoint.mqtt,
      ca,
      cert,
      key,
      clientId: 'listener',
      patienceMs: 10_000,
    };
    const cloud = await connectMqtt(address, truck.thing);
    try {
      for (let time = 0; time < 2; time++) {
        const heard = new AbortController();
        await cloud.listen(
          () => heard.abort(),
          () => undefined,
          AbortSignal.any([heard.signal, AbortSignal.timeout(10_000)]),
        );
        expect(heard.signal.aborted).toBe(true);
      }
    } finally {
      await cloud.close();
    }
  });

  test('with a breach ends with 1; --json is the evidence', async () => {
    const evidence = await truck.measure(example('article.yaml'), (id) => id === 'container1>device2 icmp');
    const { exitCode, stdout } = await matrix(evidence, '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ thing: truck.thing, matrix: { verdict: 'breached' } });
  });

  test('that doesn’t come ends with 1', async () => {
    const { exitCode, stderr } = await told('matrix', '--timeout', '0.3');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('no evidence came')]);
  });
});

/** What is written to standard output while a command runs. */
const heard = () =>
  jest
    .mocked(process.stdout.write)
    .mock.calls.map(([text]) => String(text))
    .join('');

test('watch says each change as a line of JSON, and ends with 0 when it is interrupted', async () => {
  const watching = told('watch', '--json');
  const evidence = await truck.measure(example('article.yaml'));
  await truck.report({ status: 'applied', revision: evidence.revision });
  const timer = setInterval(() => void truck.publish(evidence), 50);
  await until('all of it', () => ['"applied"', '"measuredAt"', '"evidence"'].every((word) => heard().includes(word)));
  clearInterval(timer);
  process.emit('SIGINT');
  const { exitCode, stdout } = await watching;
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(exitCode).toBe(0);
  expect(lines).toContainEqual(
    expect.objectContaining({ shadow: 'network', reported: expect.objectContaining({ status: 'applied' }) }),
  );
  expect(lines).toContainEqual(
    expect.objectContaining({ shadow: 'isolation', reported: expect.objectContaining({ verdict: 'isolated' }) }),
  );
  expect(lines).toContainEqual(expect.objectContaining({ evidence: expect.objectContaining({ verdict: 'isolated' }) }));
});

test('through a process that passes the bytes on, as into a lab, it is the same cloud', async () => {
  jest.spyOn(Lab, 'open').mockResolvedValue({
    cloud: run.cloud,
    machine: thisMachine(),
    interactive: (_node: string, argv: readonly string[]) => argv,
  } as unknown as Lab);
  const { exitCode, stdout } = await firebreak(
    'truck',
    'policy',
    'set',
    ARTICLE,
    '--yes',
    '--thing',
    truck.thing,
    '--lab',
    'x',
  );
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^applied: revision 1-/)]);
  expect(Lab.open).toHaveBeenCalledWith('x');
});

describe('over REST, with AWS credentials', () => {
  const KEYS = { AWS_ACCESS_KEY_ID: 'lab', AWS_SECRET_ACCESS_KEY: 'lab' };
  const before = { ...process.env };
  beforeAll(() => Object.assign(process.env, KEYS));
  afterAll(() => {
    process.env = before;
  });
  const ask = (...words: readonly string[]) =>
    firebreak(
      'truck',
      ...words,
      '--thing',
      truck.thing,
      '--region',
      'eu-central-1',
      '--endpoint',
      run.cloud.endpoint.https,
      '--ca',
      run.cloud.operator.ca,
    );

  test('a policy is set, applied, and read again', async () => {
    expect(await ask('policy', 'get')).toMatchObject({ exitCode: 1 });
    expect(await ask('policy', 'set', ARTICLE, '--yes')).toMatchObject({ exitCode: 0 });
    expect(parsePolicy((await ask('policy', 'get')).stdout).policy?.segments).toHaveLength(2);
    expect(JSON.parse((await ask('policy', 'get', '--json')).stdout)).toMatchObject({ policy: { version: 1 } });
  });

  test('evidence is not to be had, and it says so', async () => {
    const { exitCode, stderr } = await ask('matrix');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('evidence comes by MQTT only')]);
  });
});

describe('a cloud that can’t be used ends with 1 and says why', () => {
  test('nobody is there', async () => {
    const [, , , , ...identity] = connection();
    const { exitCode, stderr } = await firebreak(
      'truck',
      'status',
      '--thing',
      't',
      '--endpoint',
      '127.0.0.1:9',
      ...identity,
    );
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining("127.0.0.1:9 can't be reached: connect ECONNREFUSED"),
    ]);
  });

  test('the certificate is for another truck', async () => {
    const { endpoint } = run.cloud;
    const identity = await credentials(run.cloud, 'truck-2');
    const address = { host: endpoint.host, port: endpoint.mqtt, ...identity, clientId: 'other', patienceMs: 500 };
    const cloud = await connectMqtt(address, truck.thing);
    // The lab's broker says nothing to that; AWS's closes the connection.
    await expect(cloud.readShadow('network')).rejects.toMatchObject({ kind: 'unreachable' });
    await cloud.close();
  });
});

test.each([
  ['without a truck', ['status'], /--thing/],
  ['a name that is none', ['status', '--thing', 'a/b'], /letters, digits/],
  ['a certificate without a key', ['status', '--thing', 'a', '--cert', 'x'], /all of --endpoint, --cert and --key/],
  [
    'a certificate that is not there',
    ['status', '--thing', 'a', '--endpoint', 'h', '--cert', '/nowhere', '--key', 'x'],
    /can't be read/,
  ],
])('%s ends with 2', async (_what, words, why) => {
  const { exitCode, stderr } = await firebreak('truck', ...words);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(why);
});
