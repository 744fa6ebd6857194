import { run } from '../../../components/host/run.ts';
import type { Flow, Policy } from '../../../lib/policy/index.ts';
import { example } from '../../lib/truck/support.ts';
import { type Trial, unless } from '../trial.ts';
import { type Conversations, PORT, PROVIDERS, STREAM_PORT, Unheard } from './conversations.ts';

const flow = (name: string, from: string, to: string, port = PORT): Flow => ({
  ...{ name, from, to, protocol: 'udp' },
  ports: [{ from: port, to: port }],
});
const THERE = flow('there', 'container1', 'container2');
const BACK = flow('back', 'device2', 'device1');
const STREAMED = flow('stream', 'container1', 'device2', STREAM_PORT);
/** A flow that ends by itself so soon, in milliseconds; long enough for its conversation to begin on a busy machine. */
const SOON_MS = 5000;
/** The next whole second after that. */
const soon = (): number => Math.ceil((Date.now() + SOON_MS) / 1000) * 1000;
const until = (flow: Flow, expires: number): Flow => ({ ...flow, term: { expires } });
/** Sends on until that moment is over. */
async function pass(talk: { pass(more: number): Promise<void> }, moment: number): Promise<void> {
  while (Date.now() <= moment) await talk.pass(10);
}
const article = example('article.yaml');
const withFlows = (...flows: readonly Flow[]): Policy => ({ ...article, flows });
const offline: Policy = { ...article, segments: article.segments.map((segment) => ({ ...segment, internet: false })) };
const OUT: Flow = { name: 'out', from: 'container2', to: 'internet', protocol: 'udp', ports: [] };
const DEVICE2 = { node: 'device2', address: '10.0.2.5' };
const INTERNET = { node: 'internet', address: '8.8.8.8' };

/** A policy whose ruleset holds all that these trials change. */
export const CHANGING = withFlows(
  THERE,
  BACK,
  STREAMED,
  until(OUT, Date.UTC(2400, 0)),
  until(STREAMED, Date.UTC(2400, 0)),
);

/** Of so many datagrams. */
const goesOn = (who: string, answers: number, of: number) =>
  unless(answers > of * 0.8, `${who} goes on, but of ${of} datagrams ${answers} were heard`);
/** One may have been on its way. */
const hasEnded = (who: string, answers: number) =>
  unless(answers <= 1, `${who} has ended, but ${answers} datagrams were heard`);

const trial = (name: string, course: (there: Conversations) => Promise<readonly string[]>): Trial<Conversations> => ({
  name,
  problems: async (there) => {
    try {
      return await course(there);
    } catch (error) {
      if (error instanceof Unheard) return [error.message];
      throw error;
    } finally {
      there.hush();
    }
  },
});

/** As one who administers the router might, for a moment. */
const letEverythingThrough = (there: Conversations) =>
  run(['nft', 'insert', 'rule', 'inet', 'firebreak', 'forward', 'accept'], { netns: there.network.netns('router') });

/** What becomes of conversations when the router's ruleset changes. */
export const LIVE_CHANGES: readonly Trial<Conversations>[] = [
  trial('a revoked flow ends, with the conversation that it had opened', async (there) => {
    await there.load(withFlows(THERE, BACK));
    const revoked = await there.talk('container1', '10.0.2.4');
    const staying = await there.talk('device2', '10.0.1.5');
    await there.load(withFlows(BACK));
    const ended = hasEnded('the revoked flow', await revoked.answeredOf(50));
    const stayed = goesOn('the other flow', await staying.answeredOf(50), 50);
    await there.load(withFlows(THERE, BACK));
    await revoked.begun();
    return [...ended, ...stayed, ...goesOn('the flow that came back', await revoked.answeredOf(50), 50)];
  }),
  trial('a conversation that no change concerns loses nothing in thirty changes', async (there) => {
    await there.load(withFlows(THERE, BACK));
    const talks = [
      await there.talk('container1', '10.0.2.4'),
      await there.talk('device2', '10.0.1.5'),
      await there.talk('container1', '8.8.8.8'),
    ];
    for (let round = 0; round < 15; round++) {
      await there.load(withFlows(THERE, BACK, STREAMED));
      await there.load(withFlows(THERE, BACK));
    }
    const lost = await Promise.all(talks.map((talk) => talk.lost()));
    return unless(
      lost.every((count) => count === 0),
      `lost there, back, and to the internet: ${lost.join(', ')}`,
    );
  }),
  trial('answers alone go on when a change doesn’t concern them', async (there) => {
    await there.load(withFlows(STREAMED));
    const stream = await there.listen('container1', DEVICE2);
    await there.load(withFlows(STREAMED, BACK));
    return goesOn('the stream', await stream.heardOf(50), 50);
  }),
  trial('answers alone go on from the internet, too', async (there) => {
    await there.load(article);
    const streams = await Promise.all([
      there.listen('container1', INTERNET),
      there.listen('container2', { ...INTERNET, port: STREAM_PORT + 1 }),
      there.listen('host', { ...INTERNET, port: STREAM_PORT + 2 }),
    ]);
    await there.load(withFlows(BACK));
    const heard = await Promise.all(streams.map((stream) => stream.heardOf(50)));
    return heard.flatMap((count) => goesOn('the stream', count, 50));
  }),
  trial('a segment that loses its internet loses its conversations with it', async (there) => {
    await there.load(article);
    const online = await there.talk('container1', '8.8.8.8');
    await there.load(offline);
    return hasEnded('the conversation', await online.answeredOf(50));
  }),
  trial('what somebody let in by a rule of his own is out again when the ruleset is loaded', async (there) => {
    await there.load(article);
    await letEverythingThrough(there);
    const intruder = await there.talk('container1', '10.0.2.4');
    await there.load(article);
    return hasEnded('the intruder', await intruder.answeredOf(50));
  }),
  trial('a conversation whose segment has lost its route doesn’t go out by the uplink instead', async (there) => {
    const { network } = there;
    await there.load(withFlows(THERE));
    await network.ip('router', 'route add default via 8.8.8.8');
    const cut = await there.talk('container1', '10.0.2.4');
    await network.ip('router', 'address delete 10.0.2.3/24 dev br1');
    try {
      const outside = await there.arriving('internet', 'ip daddr 10.0.2.4', () => cut.pass(50));
      return [
        ...hasEnded('the conversation', await cut.answeredOf(50)),
        ...unless(outside === 0, `${outside} of its datagrams went out`),
      ];
    } finally {
      await network.ip('router', 'address add 10.0.2.3/24 dev br1', 'route delete default');
    }
  }),
  trial('answers alone don’t keep a revoked flow open', async (there) => {
    await there.load(withFlows(STREAMED));
    const stream = await there.listen('container1', DEVICE2);
    await there.load(article);
    return hasEnded('the stream', await stream.heardOf(50));
  }),
  trial(
    'nor a way into a provider’s own network that somebody let open, however often rulesets change',
    async (there) => {
      await there.load(article);
      await letEverythingThrough(there);
      const streams = await Promise.all(PROVIDERS.map((provider) => there.listen('container1', provider)));
      // One answer that passes in a swap would keep its conversation open.
      for (let swap = 0; swap < 100; swap++) await there.load(article);
      const heard = await Promise.all(streams.map((stream) => stream.heardOf(50)));
      return heard.flatMap((count, index) => hasEnded(`the stream from ${PROVIDERS[index]?.address}`, count));
    },
  ),
  trial('a flow that expires ends by itself, with the conversation that it had opened', async (there) => {
    const end = soon();
    await there.load(withFlows(until(THERE, end), BACK));
    const expiring = await there.talk('container1', '10.0.2.4');
    const staying = await there.talk('device2', '10.0.1.5');
    const before = goesOn('the flow, before its time,', await expiring.answeredOf(50), 50);
    await pass(expiring, end);
    const arrived = await there.arriving('container2', 'ip saddr 10.0.1.4', () => expiring.pass(50));
    return [
      ...before,
      ...hasEnded('the expired flow, one way,', arrived),
      ...hasEnded('the expired flow', await expiring.answeredOf(50)),
      ...goesOn('the other flow', await staying.answeredOf(50), 50),
    ];
  }),
  trial('a conversation that another flow allows as well goes on', async (there) => {
    const end = soon();
    await there.load(withFlows({ ...until(THERE, end), name: 'a' }, { ...THERE, from: 'br0net' }));
    const staying = await there.talk('container1', '10.0.2.4');
    await pass(staying, end);
    return goesOn('the conversation', await staying.answeredOf(50), 50);
  }),
  trial('answers alone don’t keep an expired flow open', async (there) => {
    const end = soon();
    await there.load(withFlows(until(STREAMED, end), THERE));
    const stream = await there.listen('container1', DEVICE2);
    await there.load(withFlows(until(STREAMED, end), THERE, BACK));
    const before = goesOn('the stream, before its time,', await stream.heardOf(50), 50);
    await pass(await there.talk('container1', '10.0.2.4'), end);
    return [...before, ...hasEnded('the stream', await stream.heardOf(50))];
  }),
  trial('nor one to the internet', async (there) => {
    const end = soon();
    await there.load({ ...offline, flows: [until(OUT, end), THERE] });
    const talk = await there.talk('container2', '8.8.8.8');
    const stream = await there.listen('container2', INTERNET);
    await there.load({ ...offline, flows: [until(OUT, end), THERE, BACK] });
    const before = goesOn('the stream, before its time,', await stream.heardOf(50), 50);
    await pass(talk, end);
    const arrived = await there.arriving('internet', `udp dport ${PORT}`, () => talk.pass(50));
    return [
      ...before,
      ...hasEnded('the conversation, one way,', arrived),
      ...hasEnded('the conversation', await talk.answeredOf(50)),
      ...hasEnded('the stream', await stream.heardOf(50)),
    ];
  }),
  trial('a flow that has not begun is closed, and opens by itself', async (there) => {
    const start = soon();
    await there.load(withFlows({ ...THERE, term: { starts: start } }, BACK));
    const early = there.talkAnyway('container1', '10.0.2.4');
    const closed = unless((await early.answeredOf(50)) === 0, 'it was open before its time');
    await pass(early, start);
    await early.begun();
    return [...closed, ...goesOn('the flow', await early.answeredOf(50), 50)];
  }),
];
