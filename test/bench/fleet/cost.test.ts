import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { monthlyCost, type Prices, total } from '../../../bench/fleet/cost.ts';
import { hourOf } from '../../../bench/fleet/traffic.ts';

const prices = JSON.parse(readFileSync(join(__dirname, '../../../bench/fleet/prices.json'), 'utf8')) as Prices;
const free = Object.fromEntries(
  Object.entries(prices).map(([key, value]) => [key, /Bytes$/.test(key) || typeof value === 'string' ? value : 0]),
) as unknown as Prices;
const hour = { update: { bytes: 900 }, answer: { bytes: 1500 }, evidence: { bytes: 2500 } };

test.each([
  ['a connection of 43,200 minutes', { perMillionMinutesConnected: 1 }, 0.0432],
  ['four messages an hour: report, answer, acknowledgement, evidence', { perMillionMessages: 1 }, 0.00288],
  ['one operation on a shadow an hour', { perMillionShadowOperations: 1 }, 0.00072],
  ['Greengrass, by the device', { greengrassPerDeviceAndMonth: 0.16 }, 0.16],
])('%s is paid for', (_what, price, cost) => {
  expect(total(monthlyCost(hour, { ...free, ...price }))).toBeCloseTo(cost, 6);
});

test('what is larger than a unit is paid as several', () => {
  const large = { ...hour, evidence: { bytes: 5121 } };
  const of = (one: typeof hour) => monthlyCost(one, { ...free, perMillionMessages: 1 }).messages;
  expect(of(large) / of(hour)).toBeCloseTo(5 / 4);
});

test('an hour is one report of each truck, and nothing else', () => {
  const nothing = { sent: {}, heard: {} };
  const said = {
    sent: { shadow: { messages: 2, bytes: 200 }, evidence: { messages: 2, bytes: 4000 } },
    heard: { shadow: { messages: 2, bytes: 300 } },
  };
  expect(hourOf(nothing, said, 2)).toEqual({
    update: { bytes: 100 },
    answer: { bytes: 150 },
    evidence: { bytes: 2000 },
  });
  expect(() => hourOf(nothing, said, 3)).toThrow('3 trucks');
});
