import { setTimeout as pause } from 'node:timers/promises';
import { run } from '../../components/host/run.ts';
import { type Broker, Onlooker } from './onlooker.ts';
import { type Idle, untilQuietMs } from './traffic.ts';

export interface IdleQuestion {
  readonly broker: Broker;
  readonly thing: string;
  readonly seconds: number;
  /** What is reported at the full hour, has been so long after it. */
  readonly settleSeconds: number;
}

const TABLE = 'firebreak_bench';

/**
 * Listens and counts while nothing happens, at the cloud's end of the truck's uplink: what comes in there for the broker's port was sent by the truck,
 * for the onlooker itself is on the loopback interface.
 */
export async function idle({ broker, thing, seconds, settleSeconds }: IdleQuestion): Promise<Idle> {
  const counting = [
    `table inet ${TABLE} {`,
    '  counter sent { }',
    '  counter received { }',
    `  chain incoming { type filter hook input priority 0; iif != lo tcp dport ${broker.port} counter name sent; }`,
    `  chain outgoing { type filter hook output priority 0; oif != lo tcp sport ${broker.port} counter name received; }`,
    '}',
  ];
  const remove = `table inet ${TABLE} { }\ndelete table inet ${TABLE}\n`;
  await pause(untilQuietMs(Date.now(), seconds * 1000, settleSeconds * 1000));
  const onlooker = await Onlooker.connect(broker, thing);
  try {
    await run(['nft', '-f', '-'], { input: `${remove}${counting.join('\n')}\n` });
    const [before, begun, heard] = [await counters(), performance.now(), onlooker.messages.length];
    await pause(seconds * 1000);
    const [after, ended] = [await counters(), performance.now()];
    return {
      seconds: (ended - begun) / 1000,
      sentBytes: after.sent - before.sent,
      receivedBytes: after.received - before.received,
      messages: onlooker.messages.slice(heard),
    };
  } finally {
    await onlooker.end();
    await run(['nft', '-f', '-'], { input: remove });
  }
}

async function counters(): Promise<Readonly<Record<'sent' | 'received', number>>> {
  const { nftables } = JSON.parse(await run(['nft', '-j', 'list', 'counters', 'table', 'inet', TABLE])) as {
    readonly nftables: readonly { readonly counter?: { readonly name: string; readonly bytes: number } }[];
  };
  const bytes = (name: string) => nftables.find(({ counter }) => counter?.name === name)?.counter?.bytes ?? 0;
  return { sent: bytes('sent'), received: bytes('received') };
}
