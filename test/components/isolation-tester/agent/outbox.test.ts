import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Outbox } from '../../../../components/isolation-tester/agent/outbox.ts';

let root: string;
let directory: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'firebreak-outbox-'));
  directory = join(root, 'evidence');
});
afterEach(() => rmSync(root, { recursive: true }));

async function sent(outbox: Outbox): Promise<readonly string[]> {
  const messages: string[] = [];
  await outbox.flush(async (message) => void messages.push(message));
  return messages;
}

test('what was added comes out in order, once, also in another life', async () => {
  await new Outbox(directory).add(['a1', 'a2']);
  await new Outbox(directory).add(['b1']);
  expect(await sent(new Outbox(directory))).toEqual(['a1', 'a2', 'b1']);
  expect(await sent(new Outbox(directory))).toEqual([]);
});

test('with each message goes how many its piece has', async () => {
  const outbox = new Outbox(directory);
  await outbox.add(['a1', 'a2']);
  await outbox.add(['b1']);
  const told: [string, number][] = [];
  await outbox.flush(async (message, of) => void told.push([message, of]));
  expect(told).toEqual([
    ['a1', 2],
    ['a2', 2],
    ['b1', 1],
  ]);
});

test('without anything there is nothing to send', async () => {
  expect(await sent(new Outbox(directory))).toEqual([]);
});

test('what nobody takes stays, whole and in order', async () => {
  const outbox = new Outbox(directory);
  await outbox.add(['a1', 'a2']);
  await outbox.add(['b1']);
  const taken: string[] = [];
  const refuse = outbox.flush(async (message) => {
    if (message === 'a2') throw new Error('offline');
    taken.push(message);
  });
  await expect(refuse).rejects.toThrow('offline');
  await outbox.add(['c1']);
  expect(await sent(outbox)).toEqual(['a1', 'a2', 'b1', 'c1']);
  expect(taken).toEqual(['a1']);
});

test('of too many the newest are kept', async () => {
  const outbox = new Outbox(directory, 3);
  for (let count = 0; count < 5; count++) await outbox.add([`message ${count}`]);
  expect(await sent(outbox)).toEqual(['message 2', 'message 3', 'message 4']);
});

test('what is damaged, or somebody else’s, holds nothing up', async () => {
  const outbox = new Outbox(directory);
  await outbox.add(['a1']);
  writeFileSync(join(directory, '000000000002.json'), '["b1", "b');
  writeFileSync(join(directory, 'something.else'), '');
  await outbox.add(['c1']);
  expect(await sent(outbox)).toEqual(['a1', 'c1']);
  expect(readdirSync(directory)).toEqual(['something.else']);
});
