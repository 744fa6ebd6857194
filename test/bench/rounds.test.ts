import { inTurns } from '../../bench/rounds.ts';

test('all do their work in turns, and who begins changes', async () => {
  const order: string[] = [];
  const contender = <Name extends string>(name: Name) =>
    [
      name,
      async () => {
        order.push(name);
        return order.length;
      },
    ] as const;
  const samples = await inTurns([contender('a'), contender('b'), contender('c')], 3);
  expect(order.join('')).toBe('abcbcacab');
  expect(samples).toEqual({ a: [1, 6, 8], b: [2, 4, 9], c: [3, 5, 7] });
});
