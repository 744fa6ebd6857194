import type { BypassTest } from '../../components/isolation-tester/bypass-test.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import { BYPASSES } from '../../lib/truck/bypass.ts';
import { apply, bringUp, example, openLab } from './support.ts';

jest.setTimeout(600_000);

const ARTICLE = example('article.yaml');
let lab: Lab;

beforeAll(async () => {
  lab = await openLab();
  await bringUp(lab, ARTICLE);
});

async function bypasses(...options: readonly string[]): Promise<BypassTest> {
  const argv = ['bypasses', '-', '--json', ...options];
  const { stdout, stderr } = await lab.firebreak(argv, { input: ARTICLE, check: false });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as BypassTest;
}

const besidesClosed = ({ rows }: BypassTest) =>
  rows
    .filter(({ verdict }) => verdict !== 'closed')
    .map(({ attempt, verdict, reason }) => `${attempt.id}: ${verdict}, ${reason}`);

test('on the article’s truck every bypass of every kind is closed', async () => {
  const tried = await bypasses('--disturb');
  expect(besidesClosed(tried)).toEqual([]);
  expect(tried.kinds.map(({ kind }) => kind)).toEqual(Object.keys(BYPASSES));
  expect(tried.untried).toEqual([]);
});

test('also from canaries, which stand in for the devices', async () => {
  await lab.exec('truck', ['tee', '/run/nobody.json'], { input: '{}' });
  const tried = await bypasses('--agents', '/run/nobody.json');
  expect(besidesClosed(tried)).toEqual([]);
  expect(tried.vantages.filter(({ kind }) => kind === 'canary').map(({ node }) => node)).toEqual([
    'device1',
    'device2',
  ]);
});

test('without the rules of edge and router they are found open', async () => {
  const truck = (...argv: readonly string[]) => lab.exec('truck', argv);
  const pid = (await truck('docker', 'inspect', '--format', '{{.State.Pid}}', 'router')).stdout.trim();
  await truck('nft', 'delete', 'table', 'bridge', 'firebreak_edge');
  await truck('nsenter', `--net=/proc/${pid}/ns/net`, 'nft', 'flush', 'ruleset');
  try {
    const { verdict, kinds } = await bypasses('--disturb');
    expect(verdict).toBe('open');
    expect(kinds.filter(({ open }) => open > 0).map(({ kind }) => kind)).toEqual(
      expect.arrayContaining([
        'the router’s other addresses',
        'the uplink’s own network',
        'spoofed sources',
        'the router’s address taken',
      ]),
    );
  } finally {
    await apply(lab, ARTICLE);
  }
});
