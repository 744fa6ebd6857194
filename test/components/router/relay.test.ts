import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { parse } from 'yaml';
import { run } from '../../../components/host/run.ts';
import { indexOfInterface, openFrameSender, sendFrame } from '../../../components/host/sockets/frames.ts';
import { inNamespace } from '../../../components/host/sockets/namespace.ts';
import { close } from '../../../components/host/sockets/sockets.ts';
import type { PolicyDocumentInput } from '../../../lib/policy/schema.ts';
import { compiled, EXAMPLES, policyOf } from '../../lib/truck/support.ts';
import { until } from '../host/until.ts';
import { CarelessTruck } from '../isolation-tester/careless-truck.ts';
import { RELAY } from '../isolation-tester/relay-trials.ts';
import { declaredIn, Ears, type Message, messageFrame, tell } from '../isolation-tester/relayed.ts';

/** The relay of the real kernel, beyond what its trials say of one ruleset (isolation-tester/relay-trials.ts). */
const STATION: PolicyDocumentInput = parse(readFileSync(join(EXAMPLES, 'station.yaml'), 'utf8'));
const saying = (broadcasts: PolicyDocumentInput['broadcasts']) => policyOf(JSON.stringify({ ...STATION, broadcasts }));

const PORT = 7720;
const RATE = 1000;
const SWAPS = 60;
const EVERY_MS = 0.1;
const THERE_AND_BACK = saying({
  there: { from: 'tablet', to: ['pump', 'radio'], port: PORT, rate: RATE },
  back: { from: 'pump-control', to: ['cab', 'radio'], port: PORT, rate: RATE },
  'grouped-there': { from: 'tablet', to: ['pump'], port: PORT, group: '239.192.0.7' },
  'grouped-back': { from: 'pump-panel', to: ['cab'], port: PORT, group: '239.192.0.7' },
});

// On a busy machine.
jest.setTimeout(60_000);

let truck: CarelessTruck;
beforeAll(async () => {
  truck = await CarelessTruck.make(THERE_AND_BACK);
});
afterAll(() => truck?.remove());

const places = () => [...truck.policy.nodes.map(({ name }) => name), 'internet'];
const countIn = (ears: Ears, place: string, text: string) =>
  ears.heard().filter((one) => one.place === place && one.text.startsWith(text)).length;

async function listening(action: (ears: Ears) => Promise<void>): Promise<void> {
  const ears = new Ears(truck.network, places(), [PORT]);
  try {
    await action(ears);
  } finally {
    ears.close();
  }
}

const message = (name: string): Message => {
  const [first] = declaredIn(truck.policy).find(({ broadcast }) => broadcast.name === name)?.messages ?? [];
  if (first === undefined) throw new Error(`no broadcast ${name}`);
  return first;
};

test.each(RELAY.map((trial) => [trial.name, trial] as const))(
  'with broadcasts in both directions at one port: %s',
  async (_name, trial) => {
    expect(await trial.problems(truck)).toEqual([]);
  },
);

test('broadcasts in both directions at one port make no loop', async () => {
  await truck.holds('router');
  await listening(async (ears) => {
    for (const [from, name] of [
      ['tablet', 'there'],
      ['pump-control', 'back'],
      ['tablet', 'grouped-there'],
      ['pump-panel', 'grouped-back'],
    ] as const)
      tell(truck.network, from, { ...message(name), text: 'once' });
    tell(truck.network, 'tablet', { ...message('there'), text: 'last' });
    await until('the last one', () => countIn(ears, 'telemetry', 'last') > 0);
    // Two of its own segment that it didn’t say itself, and two of the other one.
    const once = Object.fromEntries(places().map((place) => [place, countIn(ears, place, 'once')]));
    expect(once).toEqual({
      ...{ dashboard: 4, navigation: 4, tablet: 2, 'pump-control': 3, 'pump-panel': 3 },
      ...{ modem: 2, telemetry: 2, internet: 0 },
    });
  });
});

test('what an ordinary program says an ordinary program hears, from the router', async () => {
  await truck.holds('router');
  const { network, policy } = truck;
  const source = policy.nodes.find(({ name }) => name === 'tablet');
  const mac = (await network.sh('tablet', 'cat /sys/class/net/eth0/address')).trim();
  const programs: ChildProcess[] = [];
  const start = (place: string, code: string) => {
    const program = spawn('nsenter', [`--net=${network.netns(place)}`, process.execPath, '-e', code, `${PORT}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    programs.push(program);
    return createInterface(program.stdout)[Symbol.asyncIterator]();
  };
  await network.ip('tablet', `link set dev eth0 address ${source?.mac}`);
  try {
    const receiver = start('pump-panel', RECEIVER);
    expect((await receiver.next()).value).toBe('ready');
    start('tablet', SENDER);
    expect((await receiver.next()).value).toBe('10.20.20.1: here I am');
  } finally {
    for (const program of programs) {
      const gone = once(program, 'exit');
      program.kill('SIGKILL');
      await gone;
    }
    await network.ip('tablet', `link set dev eth0 address ${mac}`);
  }
});

/** It prints what it hears first. */
const RECEIVER = `
  const socket = require('node:dgram').createSocket('udp4');
  socket.on('message', (data, { address }) => console.log(address + ': ' + data));
  socket.bind(Number(process.argv[1]), () => console.log('ready'));
`;
const SENDER = `
  const socket = require('node:dgram').createSocket('udp4');
  socket.bind(0, () => {
    socket.setBroadcast(true);
    setInterval(() => socket.send('here I am', Number(process.argv[1]), '255.255.255.255'), 100);
  });
`;

const load = (text: string) => run(['nft', '-f', '-'], { netns: truck.network.netns('router'), input: text });
const routerRules = (policy: typeof THERE_AND_BACK) => compiled(policy).router.configuration.ruleset.text;

test('while rulesets are swapped each message arrives once, and as the router’s', async () => {
  await truck.holds('router');
  // Others in other rulesets, and the one that stays.
  const there = { from: 'tablet', to: ['pump', 'radio'], port: PORT, rate: RATE };
  const rulesets = [
    routerRules(THERE_AND_BACK),
    routerRules(saying({ there })),
    routerRules(saying({ there, other: { ...there, port: 1 } })),
  ];
  const [sender, index] = inNamespace(truck.network.netns('tablet'), () => [
    openFrameSender(),
    indexOfInterface('eth0') ?? 0,
  ]);
  await listening(async (ears) => {
    let [sent, latest] = [0, 0];
    for (let swap = 0; swap < SWAPS; swap++) {
      let isLoaded = false;
      const loaded = load(rulesets[swap % rulesets.length] ?? '').finally(() => {
        isLoaded = true;
      });
      // A ruleset that was just loaded lets so many pass at once.
      for (let meanwhile = 0; !isLoaded && meanwhile < RATE; await setImmediate()) {
        if (performance.now() - latest < EVERY_MS) continue;
        latest = performance.now();
        sendFrame(sender, index, messageFrame({ ...message('there'), text: `swapped ${sent++} ` }));
        meanwhile++;
      }
      await loaded;
    }
    expect(sent).toBeGreaterThan(10 * SWAPS);
    const texts = Array.from({ length: sent }, (_, index) => `swapped ${index} `);
    await until('the last', () => countIn(ears, 'modem', texts.at(-1) ?? '') > 0);
    const heard = ears.heard().filter(({ place }) => place === 'modem');
    expect(heard.map(({ text }) => text)).toEqual(texts);
    expect(new Set(heard.map(({ addresses: [from], ttl }) => `${from} ${ttl}`))).toEqual(new Set(['10.20.30.1 1']));
  }).finally(() => close(sender));
});

test('a broadcast that is taken away ends, and so does the last one', async () => {
  await truck.holds('router');
  await listening(async (ears) => {
    tell(truck.network, 'tablet', { ...message('there'), text: 'before' });
    await until('it is relayed', () => countIn(ears, 'modem', 'before') > 0);
    const back = { from: 'pump-control', to: ['radio'], port: PORT };
    await load(routerRules(saying({ back })));
    tell(truck.network, 'tablet', { ...message('there'), text: 'after' });
    tell(truck.network, 'pump-control', { ...message('back'), text: 'another' });
    await until('the other one is relayed', () => countIn(ears, 'modem', 'another') > 0);
    expect(countIn(ears, 'modem', 'after')).toBe(0);
    await load(routerRules(saying({})));
    expect(await truck.network.sh('router', 'nft list table ip firebreak_relay')).not.toContain('dup to');
  });
});

test('where the router has lost its address in a segment, a copy goes nowhere else', async () => {
  await truck.holds('router');
  const { network } = truck;
  await network.ip('router', 'address delete 10.20.20.1/25 dev fb-pump');
  try {
    const everything = new Ears(network, ['internet', 'pump-panel', 'modem'], [PORT]);
    try {
      tell(network, 'tablet', { ...message('there'), text: 'astray' });
      await until('the other segment hears it', () => countIn(everything, 'modem', 'astray') > 0);
      expect(['internet', 'pump-panel'].map((place) => countIn(everything, place, 'astray'))).toEqual([0, 0]);
      expect(countIn(everything, 'modem', 'astray')).toBe(1);
    } finally {
      everything.close();
    }
  } finally {
    await network.ip('router', 'address add 10.20.20.1/25 dev fb-pump');
  }
});
