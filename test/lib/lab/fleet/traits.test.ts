import { traitsOf } from '../../../../lib/lab/fleet/traits.ts';

const fleet = (count: number, shares: Partial<Parameters<typeof traitsOf>[1]>) =>
  Array.from({ length: count }, (_, index) => traitsOf(index, { breached: 0, rollingBack: 0, failing: 0, ...shares }));

test.each([0, 0.1, 5, 50, 100])('%s percent of 10,000 trucks are %s percent, to a truck or two', (percent) => {
  const failing = fleet(10_000, { failing: percent }).filter(({ deploys }) => deploys === 'FAILED').length;
  expect(Math.abs(failing - percent * 100)).toBeLessThanOrEqual(2);
});

test('each hundred trucks have their share', () => {
  const all = fleet(1000, { failing: 5 });
  for (let start = 0; start < all.length; start += 100) {
    const failing = all.slice(start, start + 100).filter(({ deploys }) => deploys === 'FAILED').length;
    expect(failing).toBeGreaterThanOrEqual(3);
    expect(failing).toBeLessThanOrEqual(7);
  }
});

test('one share says nothing about another', () => {
  const both = fleet(1000, { breached: 5, failing: 5 }).filter(
    ({ verdict, deploys }) => verdict === 'breached' && deploys === 'FAILED',
  );
  expect(both.length).toBeLessThan(25);
});
