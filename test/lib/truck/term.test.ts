import type { Flow, Term } from '../../../lib/policy/index.ts';
import { expectations } from '../../../lib/truck/expectations.ts';
import { reachabilityDifference } from '../../../lib/truck/reachability.ts';
import { canaryCanMeasure } from '../../../lib/truck/stand-in.ts';
import { flowInWords, policyAt } from '../../../lib/truck/term.ts';
import { compiled, example } from './support.ts';

const NOON = Date.UTC(2026, 10, 25, 12);
const [BEFORE, AFTER] = [NOON - 1000, NOON + 1000];
const article = example('article.yaml');
const web = (name: string, term?: Term, more: Partial<Flow> = {}): Flow => ({
  ...{ name, from: 'container1', to: 'container2', protocol: 'tcp', ports: [{ from: 443, to: 443 }] },
  ...(term && { term }),
  ...more,
});
const withFlows = (...flows: readonly Flow[]) => ({ ...article, flows });

test.each<[string, Term | undefined, number | null, boolean]>([
  ['without a term is always in force', undefined, NOON, true],
  ['without a term is in force at no moment in particular', undefined, null, true],
  ['with a term is not', { expires: AFTER }, null, false],
  ['is in force before it expires', { expires: NOON }, BEFORE, true],
  ['is not in force at the very moment in which it expires', { expires: NOON }, NOON, false],
  ['is not in force before it starts', { starts: NOON }, BEFORE, false],
  ['is in force from the very moment in which it starts', { starts: NOON }, NOON, true],
  ['is in force between both', { starts: BEFORE, expires: AFTER }, NOON, true],
])('a flow %s', (_what, term, at, isInForce) => {
  expect(policyAt(withFlows(web('f', term)), at).flows).toHaveLength(isInForce ? 1 : 0);
});

test('a flow in words says until when, who answers for it, and why', () => {
  expect(flowInWords(web('f'))).toBe('f');
  expect(flowInWords(web('f', { starts: NOON }))).toBe('f, from 2026-11-25T12:00:00Z');
  expect(flowInWords(web('f', { starts: NOON, expires: AFTER }, { owner: 'J. Lee', reason: 'pump test' }))).toBe(
    'f, from 2026-11-25T12:00:00Z until 2026-11-25T12:00:01Z (J. Lee: pump test)',
  );
  expect(flowInWords(web('f', undefined, { reason: 'telemetry' }))).toBe('f (telemetry)');
});

test('what a flow opened before it expired is asked for afterwards, and must be closed', () => {
  const policy = withFlows(web('f', { expires: NOON }));
  const promised = (at: number) =>
    expectations(policy, at).find(({ id }) => id === 'container1>container2 tcp/443')?.verdict;
  expect(promised(BEFORE)).toBe('reachable');
  expect(promised(NOON)).toBe('isolated');
});

test('the rulesets are the same before and after', () => {
  const at = (present: number) => compiled(policyAt(withFlows(web('f')), present));
  expect(at(BEFORE)).toEqual(at(AFTER));
});

test('what expires later than before opens nothing now', () => {
  const [short, long] = [withFlows(web('f', { expires: NOON })), withFlows(web('f', { expires: AFTER }))];
  expect(reachabilityDifference(short, long, BEFORE)).toEqual({ opened: [], closed: [] });
  expect(reachabilityDifference(short, long, NOON).opened).toHaveLength(1);
});

test('a canary can’t show that a flow has ended which only the device itself had', () => {
  const id = 'device1>container2 tcp/443';
  const measurable = (from: string) => {
    const policy = withFlows(web('f', { expires: NOON }, { from }));
    const expectation = expectations(policy, AFTER).find((one) => one.id === id);
    return expectation && canaryCanMeasure(policy, AFTER, expectation);
  };
  expect(measurable('device1')).toBe(false);
  expect(measurable('br0net')).toBe(true);
});

describe('in the router’s ruleset', () => {
  const rulesOf = (...flows: readonly Flow[]) => compiled(withFlows(...flows)).router.configuration.ruleset.text;

  test('a flow’s rules hold before its end, and its conversations have a mark of their own that counts until then', () => {
    const text = rulesOf(web('always', undefined, { to: 'device2' }), web('f', { expires: NOON }));
    const seconds = NOON / 1000;
    const mark = new RegExp(`^ +meta time < ${seconds} .* 443 \\} ct mark set (0x\\w+) counter accept$`, 'm').exec(
      text,
    )?.[1];
    expect(text).toContain(`meta time < ${seconds} ct mark ${mark} ct state { established, related } accept`);
    const always = /^ {4}ct mark (0x\w+) ct state/m.exec(text)?.[1];
    expect(always).toBeDefined();
    expect(mark).not.toBe(always);
  });

  test('what always holds is asked first, so that a conversation which it allows doesn’t end', () => {
    const text = rulesOf(web('f', { expires: NOON }), web('g', undefined, { from: 'br0net' }));
    const openings = text.slice(text.indexOf('chain openings {\n'));
    expect(openings.indexOf('iifgroup . oifgroup . ip daddr')).toBeLessThan(openings.indexOf('meta time'));
  });

  test('no two terms have the same mark, and no mark is nothing’s', () => {
    const flows = Array.from({ length: 256 }, (_, index) => web(`f${index}`, { expires: NOON + index * 1000 }));
    const marks = [...rulesOf(...flows).matchAll(/ct mark (0x\w+) ct state/g)].map(([, mark]) => mark);
    expect(new Set(marks).size).toBe(257);
    expect(marks).not.toContain('0x0');
  });
});

describe('at the edge', () => {
  const edgeOf = (...flows: readonly Flow[]) => compiled(withFlows(...flows)).edgeRuleset.text;

  test('two segments are together while a flow between them is in force', () => {
    const text = edgeOf(web('f', { starts: BEFORE, expires: NOON }));
    const during = `meta time >= ${BEFORE / 1000} meta time < ${NOON / 1000}`;
    expect(text).toContain(`${during} ip daddr 10.0.2.0/24 accept`);
    expect(text).toContain(`${during} ip daddr 10.0.1.0/24 accept`);
  });

  test('one flow that always holds makes all terms idle', () => {
    expect(edgeOf(web('f', { expires: NOON }), web('g'))).not.toContain('meta time');
  });
});
