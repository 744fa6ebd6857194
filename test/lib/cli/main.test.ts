import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootMoment } from '../../../components/host/boot-clock.ts';
import { testBypasses } from '../../../components/isolation-tester/bypass-test.ts';
import { testIsolation } from '../../../components/isolation-tester/isolation-test.ts';
import { apply, confirmChange, planApply, remove, restore } from '../../../components/network-manager/apply.ts';
import { NotPendingError } from '../../../components/network-manager/confirmation.ts';
import { hostSubnets } from '../../../components/network-manager/host-subnets.ts';
import { RolledBackError } from '../../../components/network-manager/transaction.ts';
import { Lab } from '../../../lib/lab/lab.ts';
import { policyJsonSchema } from '../../../lib/policy/index.ts';
import type { BypassAttempt } from '../../../lib/truck/bypass.ts';
import type { Expectation, Observation } from '../../../lib/truck/expectation.ts';
import { expectations } from '../../../lib/truck/expectations.ts';
import { judge } from '../../../lib/truck/judge.ts';
import { type BypassRow, bypassTable } from '../../../lib/truck/judge-bypasses.ts';
import { plan } from '../../../lib/truck/plan/index.ts';
import { BARE_TRUCK } from '../../../lib/truck/simulate.ts';
import { compiled, EXAMPLES, example } from '../truck/support.ts';
import { firebreak } from './support.ts';

// Whatever could change this machine is not there; each test says what it would have found.
jest.mock('../../../lib/lab/lab.ts', () => ({
  Lab: { up: jest.fn(), find: jest.fn(), open: jest.fn(), down: jest.fn() },
}));
jest.mock('../../../components/network-manager/apply.ts', () => ({
  apply: jest.fn(),
  restore: jest.fn(),
  planApply: jest.fn(),
  remove: jest.fn(),
  confirmChange: jest.fn(),
}));
jest.mock('../../../components/network-manager/host-subnets.ts', () => ({ hostSubnets: jest.fn() }));
// The other process would be jest's.
jest.mock('../../../lib/cli/compile-apart.ts', () => {
  const { compileForTruck } = jest.requireActual<typeof import('../../../lib/cli/compile-for-truck.ts')>(
    '../../../lib/cli/compile-for-truck.ts',
  );
  return { goalApart: async (...args: Parameters<typeof compileForTruck>) => (await compileForTruck(...args)).goal };
});
jest.mock('../../../components/isolation-tester/bypass-test.ts', () => ({ testBypasses: jest.fn() }));
jest.mock('../../../components/isolation-tester/isolation-test.ts', () => ({ testIsolation: jest.fn() }));
jest.mock('../../../components/host/run.ts', () => ({
  run: () => Promise.resolve('[{"RepoTags":["firebreak-router:0123456789ab"]}]'),
}));

const effects = [Lab.up, Lab.find, Lab.open, Lab.down, apply, confirmChange, restore, planApply, remove, testIsolation];
const ARTICLE = join(EXAMPLES, 'article.yaml');
const IMAGE = ['--router-image', 'router.tar'];
const STEPS = plan(compiled(example('article.yaml')), BARE_TRUCK).steps;
const DONE = { steps: STEPS, drift: [], absent: [], confirmBy: null };

/** A name that ends up in nobody's way. */
const directory = mkdtempSync(join(tmpdir(), 'firebreak-cli-'));
const file = (name: string, text: string) => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};
afterAll(() => rmSync(directory, { recursive: true }));

const BAD = file(
  'bad.yaml',
  readFileSync(ARTICLE, 'utf8')
    .replace('vlan: 2', 'vlan: two')
    .replace('router: 10.0.1.3', 'router: 10.9.9.9')
    .replace('02:00:00:00:02:05', '02:00:00:00:02'),
);
const FAULTS = ['segments.br1net.vlan', 'segments.br0net.router', 'devices.device2.mac'];

beforeEach(() => {
  jest.resetAllMocks();
  jest.mocked(hostSubnets).mockResolvedValue([]);
});

function expectNothingDone(): void {
  for (const effect of effects) expect(effect).not.toHaveBeenCalled();
}

/** What the matrix of one expectation comes to. */
function matrixOf(reply: Observation['reply']) {
  const expectation: Expectation = {
    id: 'container1>container2 icmp',
    from: 'container1',
    to: 'container2',
    address: '10.0.2.4',
    probe: { protocol: 'icmp' },
    verdict: 'reachable',
    because: 'flow ping',
  };
  const matrix = judge([expectation], [{ id: expectation.id, arrived: reply === 'answer', reply }]);
  return { matrix, vantages: [{ node: 'container1', kind: 'container' as const }], durationMs: 12 };
}

/** What one attempt comes to. */
function tried(verdict: BypassRow['verdict']) {
  const attempt: BypassAttempt = {
    ...{ id: 'IPv6: container1>ff02::1', kind: 'IPv6', from: 'container1', aim: 'br1net', because: 'nobody speaks it' },
    frame: { to: 'group', tags: [], packet: { type: 'ipv6', destination: 'ff02::1', protocol: 'udp' } },
  };
  const untried = [{ kind: 'inbound from the uplink', why: 'nobody is outside' }] as const;
  const vantages = [{ node: 'container1', kind: 'container' as const }];
  return { ...bypassTable([{ attempt, verdict, reason: 'a test says so' }]), untried, vantages, durationMs: 7 };
}

function lab(): Lab {
  return {
    machine: { kind: 'vm' },
    nodes: ['truck', 'device1'],
    policy: example('article.yaml'),
    containers: () => Promise.resolve({ router: 'Up 2 seconds' }),
    cloud: {
      ...{ start: jest.fn(), stop: jest.fn(), kill: jest.fn(), isUp: () => Promise.resolve(true) },
      endpoint: { host: '198.51.100.10', mqtt: 8883, https: 'https://198.51.100.10:8443' },
      operator: { ca: 'ca.pem', certificate: 'lab.operator.pem', key: 'lab.operator.key' },
      issue: (thing: string) => Promise.resolve({ ca: 'ca.pem', certificate: `${thing}.pem`, key: `${thing}.key` }),
    },
    interactive: (_node: string, argv: readonly string[]) => [process.execPath, '-e', argv.at(-1) ?? ''],
  } as unknown as Lab;
}

describe('a wrong command line ends with 2, says why and does nothing', () => {
  test.each<[string, readonly string[], RegExp]>([
    ['an unknown command', ['fly'], /unknown command 'fly'/],
    ['an unknown command of a group', ['policy', 'chek', ARTICLE], /unknown command 'chek'.*\(Did you mean check\?\)/s],
    ['an unknown option', ['apply', '--dryrun', ARTICLE], /unknown option '--dryrun'.*\(Did you mean --dry-run\?\)/s],
    ['a missing argument', ['policy', 'check'], /missing required argument 'policy'/],
    ['a missing argument of apply', ['apply'], /missing required argument 'policy'/],
    ['a missing value', ['lab', 'down', '--name'], /argument missing/],
    ['one argument too many', ['policy', 'show', ARTICLE, ARTICLE], /too many arguments/],
    ['an argument where there is none', ['down', ARTICLE], /too many arguments/],
    ['a kernel that nobody has', ['lab', 'up', '--kernel', 'hurd'], /Allowed choices are auto, this-machine, vm/],
    ['a command for nobody', ['lab', 'exec', 'truck'], /missing required argument 'command'/],
  ])('%s', async (_what, argv, why) => {
    const { exitCode, stdout, stderr } = await firebreak(...argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(why);
    expectNothingDone();
  });

  test('no command at all shows what there is', async () => {
    const { exitCode, stderr } = await firebreak();
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Usage: firebreak');
    expectNothingDone();
  });

  test('without the router’s image nothing can be applied', async () => {
    const image = process.env.FIREBREAK_ROUTER_IMAGE;
    delete process.env.FIREBREAK_ROUTER_IMAGE;
    try {
      const { exitCode, stderr } = await firebreak('apply', ARTICLE);
      expect(exitCode).toBe(2);
      expect(stderr).toContain('--router-image');
      expectNothingDone();
    } finally {
      if (image !== undefined) process.env.FIREBREAK_ROUTER_IMAGE = image;
    }
  });

  test('with --json it is said as JSON, too', async () => {
    const { exitCode, stdout } = await firebreak('apply', '--json', '--dryrun', ARTICLE);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toEqual({ error: expect.stringContaining('--dryrun') });
  });
});

const WITH_POLICY: readonly (readonly [string, readonly string[]])[] = [
  ['policy check', ['policy', 'check']],
  ['policy show', ['policy', 'show']],
  ['apply', ['apply', ...IMAGE]],
  ['apply --dry-run', ['apply', '--dry-run', ...IMAGE]],
  ['watch', ['watch', ...IMAGE]],
  ['matrix', ['matrix', ...IMAGE]],
  ['bypasses', ['bypasses', ...IMAGE]],
  ['lab up', ['lab', 'up']],
  ['demo', ['demo']],
];

describe.each(WITH_POLICY)('a bad policy given to %s', (_name, words) => {
  test('ends with 2, names every field, and nothing is done', async () => {
    const { exitCode, stderr } = await firebreak(...words, BAD);
    expect(exitCode).toBe(2);
    for (const path of FAULTS) expect(stderr).toContain(`error ${path}: `);
    expect(stderr.match(/^error /gm)).toHaveLength(FAULTS.length);
    expectNothingDone();
  });

  test('is one JSON document with every problem, if JSON is asked for', async () => {
    const { exitCode, stdout } = await firebreak(...words, '--json', BAD);
    expect(exitCode).toBe(2);
    const { problems } = JSON.parse(stdout) as { problems: { severity: string; path: string }[] };
    const errors = problems.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ path }) => path).sort()).toEqual([...FAULTS].sort());
    expectNothingDone();
  });

  test('that is not there, or no text of YAML, ends with 2 as well', async () => {
    const missing = join(directory, 'missing.yaml');
    const absent = await firebreak(...words, missing);
    expect(absent).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/missing\.yaml can't be read: .*ENOENT/),
    });
    expect(await firebreak(...words, directory)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('EISDIR'),
    });
    const garbage = file('garbage.yaml', '{[}: \u0000');
    expect(await firebreak(...words, garbage)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('policy: '),
    });
    expectNothingDone();
  });
});

test('a policy whose subnet the truck is in already is refused by apply', async () => {
  jest.mocked(hostSubnets).mockResolvedValue([{ interface: 'eth9', subnet: '10.0.2.77/16' }]);
  const { exitCode, stderr } = await firebreak('apply', ...IMAGE, ARTICLE);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/error segments\.br1net\.subnet: .*eth9/);
  expectNothingDone();
});

describe('policy', () => {
  test('check says that a good one is valid, and its warnings on standard error', async () => {
    expect(await firebreak('policy', 'check', ARTICLE)).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^valid, revision 1-[0-9a-f]{12}\n$/),
      stderr: expect.stringMatching(/^warning segments\.br0net\.vlan: .*\n$/),
    });
  });

  test('check --json gives revision and problems', async () => {
    const { exitCode, stdout } = await firebreak('policy', 'check', '--json', ARTICLE);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      valid: true,
      revision: example('article.yaml').revision,
      problems: [expect.objectContaining({ severity: 'warning', path: 'segments.br0net.vlan' })],
    });
    const refused = JSON.parse((await firebreak('policy', 'check', '--json', BAD)).stdout);
    expect(refused).toMatchObject({ valid: false, revision: null });
  });

  test('show prints every link, network and expectation', async () => {
    const { exitCode, stdout } = await firebreak('policy', 'show', ARTICLE);
    expect(exitCode).toBe(0);
    for (const { name } of compiled(example('article.yaml')).links) expect(stdout).toContain(name);
    expect(stdout.match(/ (reachable|isolated) /g)).toHaveLength(28);
    expect(stdout).not.toMatch(/undefined|\[object/);
  });

  test('show --json is the truck network', async () => {
    const { stdout } = await firebreak('policy', 'show', '--json', ARTICLE);
    const policy = example('article.yaml');
    expect(JSON.parse(stdout)).toMatchObject({
      links: compiled(policy).links,
      expectations: expectations(policy, Date.now()),
    });
  });

  test('schema is the JSON Schema', async () => {
    expect(JSON.parse((await firebreak('policy', 'schema')).stdout)).toEqual(policyJsonSchema());
  });
});

describe('apply', () => {
  test('--dry-run prints each step and does none', async () => {
    jest.mocked(planApply).mockResolvedValue({ steps: STEPS, obstacles: [], absent: [] });
    const { exitCode, stdout } = await firebreak('apply', '--dry-run', ...IMAGE, ARTICLE);
    expect(exitCode).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(STEPS.length);
    expect(apply).not.toHaveBeenCalled();
    const { revision, steps } = JSON.parse((await firebreak('apply', '--dry-run', '--json', ...IMAGE, ARTICLE)).stdout);
    expect([revision, steps.length]).toEqual([example('article.yaml').revision, STEPS.length]);
  });

  test('says that it is done, or that there was nothing to do', async () => {
    jest.mocked(apply).mockResolvedValueOnce(DONE);
    expect(await firebreak('apply', ...IMAGE, ARTICLE)).toMatchObject({
      exitCode: 0,
      stdout: `${STEPS.length} steps done, no drift\n`,
    });
    jest.mocked(apply).mockResolvedValueOnce({ ...DONE, steps: [] });
    expect(await firebreak('apply', ...IMAGE, ARTICLE)).toMatchObject({ exitCode: 0, stdout: 'nothing to do\n' });
  });

  test('that leaves drift ends with 1 and says which; with --json in one document', async () => {
    jest.mocked(apply).mockResolvedValue({ ...DONE, drift: STEPS.slice(0, 1) });
    const { exitCode, stderr } = await firebreak('apply', ...IMAGE, ARTICLE);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('the truck still differs');
    const json = await firebreak('apply', '--json', ...IMAGE, ARTICLE);
    expect(json.exitCode).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ error: expect.any(String), drift: [expect.any(String)] });
  });

  test('that fails ends with 1 and says why', async () => {
    jest.mocked(apply).mockRejectedValue(new Error('Docker: no answer'));
    const { exitCode, stdout, stderr } = await firebreak('apply', '--json', ...IMAGE, ARTICLE);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining('firebreak: Docker: no answer'),
    });
    expect(JSON.parse(stdout)).toEqual({ error: 'Docker: no answer' });
  });

  test('names containers that are to be adopted and are not there', async () => {
    jest.mocked(apply).mockResolvedValue({ ...DONE, absent: ['vendor-x'] });
    expect((await firebreak('apply', ...IMAGE, ARTICLE)).stderr).toContain('vendor-x');
    expect(JSON.parse((await firebreak('apply', '--json', ...IMAGE, ARTICLE)).stdout).absent).toEqual(['vendor-x']);
  });
});

test('apply --confirm-within asks for a guard, and says how much time there is', async () => {
  const { boot, uptimeMs } = bootMoment();
  jest.mocked(apply).mockResolvedValue({ ...DONE, confirmBy: { boot, uptimeMs: uptimeMs + 60_900 } });
  const argv = ['apply', '--confirm-within', '60', ...IMAGE, ARTICLE];
  expect((await firebreak(...argv)).stderr).toContain('rolled back in 60 s, unless: firebreak confirm');
  expect(jest.mocked(apply).mock.lastCall?.[3]?.confirmation).toMatchObject({ withinMs: 60_000 });
  expect(JSON.parse((await firebreak(...argv, '--json')).stdout)).toMatchObject({ confirmWithinSeconds: 60 });
  jest.mocked(apply).mockResolvedValue(DONE);
  const plain = await firebreak('apply', '--json', ...IMAGE, ARTICLE);
  expect(JSON.parse(plain.stdout)).toMatchObject({ confirmWithinSeconds: null });
  expect(jest.mocked(apply).mock.lastCall?.[3]).not.toHaveProperty('confirmation');
});

describe('confirm', () => {
  const goal = { revision: '2-0123456789ab', document: '' };

  test('says what stays in force; asked for a revision, only that one', async () => {
    jest.mocked(confirmChange).mockResolvedValue(goal);
    expect((await firebreak('confirm', ...IMAGE)).stdout).toBe(`confirmed: revision ${goal.revision} stays in force\n`);
    expect(jest.mocked(confirmChange).mock.lastCall?.[0]).toBeNull();
    expect(JSON.parse((await firebreak('confirm', '--json', ...IMAGE, goal.revision)).stdout)).toEqual({
      revision: goal.revision,
    });
    expect(jest.mocked(confirmChange).mock.lastCall?.[0]).toBe(goal.revision);
  });

  test('ends with 2 when nothing waits for it', async () => {
    jest.mocked(confirmChange).mockRejectedValue(new NotPendingError('no change waits to be confirmed'));
    const { exitCode, stderr } = await firebreak('confirm', ...IMAGE);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('no change waits to be confirmed')]);
  });
});

test('a change that was rolled back ends with 1, and says to which revision', async () => {
  const [good] = [{ revision: '1-0123456789ab', document: '' }];
  jest.mocked(apply).mockRejectedValue(new RolledBackError(new Error('nft: refused'), good));
  const { exitCode, stdout, stderr } = await firebreak('apply', '--json', ...IMAGE, ARTICLE);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/nft: refused\nrevision 1-0123456789ab is in force again/);
  expect(JSON.parse(stdout)).toMatchObject({ rolledBackTo: good.revision });
});

describe('recover', () => {
  test('reports like apply, with the revision', async () => {
    const to = { revision: '1-0123456789ab', document: '' };
    jest.mocked(restore).mockResolvedValue({ to, applied: { ...DONE, steps: [] } });
    expect(await firebreak('recover', ...IMAGE)).toMatchObject({ exitCode: 0, stdout: 'nothing to do\n' });
    const { stdout } = await firebreak('recover', '--json', ...IMAGE);
    expect(JSON.parse(stdout)).toEqual({ revision: to.revision, steps: [], drift: [], absent: [] });
  });

  test('says that there is no policy', async () => {
    jest.mocked(restore).mockResolvedValue(null);
    expect(await firebreak('recover', ...IMAGE)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('no policy was applied'),
    });
  });
});

describe('status', () => {
  const { revision } = example('article.yaml');
  const good = { revision: revision.id, document: readFileSync(ARTICLE, 'utf8') };
  const status = async (checkpoint: unknown, ...options: readonly string[]) => {
    const state = mkdtempSync(join(directory, 'state-'));
    writeFileSync(join(state, 'checkpoint.json'), JSON.stringify(checkpoint));
    return firebreak('status', ...options, '--state', state, ...IMAGE);
  };

  test('says which policy is in force, and ends well if nothing differs', async () => {
    jest.mocked(planApply).mockResolvedValue({ steps: [], obstacles: [], absent: [] });
    expect(await status({ good, underway: null, links: [] })).toMatchObject({
      exitCode: 0,
      stdout: `revision ${revision.id} is in force\n`,
    });
    const { stdout } = await status({ good, underway: null, links: [] }, '--json');
    expect(JSON.parse(stdout)).toEqual({
      revision: revision.id,
      underway: null,
      confirmWithinSeconds: null,
      changing: null,
      drift: [],
    });
  });

  test('says of a change that waits to be confirmed how much time it has, and compares with that', async () => {
    jest.mocked(planApply).mockResolvedValue({ steps: [], obstacles: [], absent: [] });
    const { boot, uptimeMs } = bootMoment();
    const provisional = { deadline: { boot, uptimeMs: uptimeMs + 60_900 }, state: 'pending' as const };
    const underway = { ...good, revision: '9-0123456789ab', provisional };
    const { exitCode, stdout } = await status({ good, underway, links: [] });
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('rolled back in 60 s, unless: firebreak confirm')]);
    const overdue = { ...underway, provisional: { ...provisional, deadline: { boot: 'another', uptimeMs: 1e12 } } };
    expect(await status({ good, underway: overdue, links: [] })).toMatchObject({ exitCode: 1 });
  });

  test('ends with 1 and what differs', async () => {
    jest.mocked(planApply).mockResolvedValue({ steps: STEPS.slice(0, 1), obstacles: [], absent: [] });
    expect(await status({ good, underway: null, links: [] })).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('differs: host: drop'),
      stderr: expect.stringContaining('firebreak recover'),
    });
  });

  test('ends with 1 when a change was cut short', async () => {
    expect(await status({ good: null, underway: good, links: [] })).toMatchObject({
      exitCode: 1,
      stdout: `no policy is in force\na change to revision ${revision.id} was cut short\n`,
    });
    expect((await status({ good: null, underway: 'removal', links: [] })).stdout).toContain('a removal was cut short');
  });

  test('a damaged checkpoint is named', async () => {
    const { exitCode, stderr } = await status({ good: 'yes' });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/checkpoint\.json is no checkpoint/);
  });
});

test('down reports like apply', async () => {
  jest.mocked(remove).mockResolvedValue({ ...DONE, steps: [] });
  expect(await firebreak('down')).toEqual({ exitCode: 0, stdout: 'nothing to do\n', stderr: '' });
  expect(JSON.parse((await firebreak('down', '--json')).stdout)).toEqual({
    steps: [],
    drift: [],
    absent: [],
  });
});

describe('matrix', () => {
  test('that holds ends with 0', async () => {
    jest.mocked(testIsolation).mockResolvedValue(matrixOf('answer'));
    const { exitCode, stdout } = await firebreak('matrix', ...IMAGE, ARTICLE);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('1 of 1 rows as expected: isolated');
    expect(stdout).not.toContain('undefined');
  });

  test('that does not hold ends with 1 and shows the row', async () => {
    jest.mocked(testIsolation).mockResolvedValue(matrixOf('none'));
    const { exitCode, stdout } = await firebreak('matrix', ...IMAGE, ARTICLE);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/outage +container1 +container2 +icmp +reachable +dropped/);
  });

  test.each(['answer', 'none'] as const)('--json is one document, also if the reply is %s', async (reply) => {
    jest.mocked(testIsolation).mockResolvedValue(matrixOf(reply));
    const { exitCode, stdout } = await firebreak('matrix', '--json', ...IMAGE, ARTICLE);
    expect(exitCode).toBe(reply === 'answer' ? 0 : 1);
    expect(JSON.parse(stdout)).toMatchObject(JSON.parse(JSON.stringify(matrixOf(reply))));
  });

  test('with a list of agents that is none ends with 2', async () => {
    const agents = file('agents.json', '{"device1": 7}');
    const { exitCode, stderr } = await firebreak('matrix', '--agents', agents, ...IMAGE, ARTICLE);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`${agents} is no list of agents`);
    expectNothingDone();
  });
});

describe('bypasses', () => {
  test.each([
    ['closed', 0, /✓ +IPv6 +1 +all closed/],
    ['open', 1, /open +IPv6 +1 +1 open/],
    ['inconclusive', 1, /inconclusive +IPv6 +1 +1 inconclusive/],
  ] as const)(
    'that are %s end with %i, show a row for each kind, and what was not tried',
    async (verdict, expected, row) => {
      jest.mocked(testBypasses).mockResolvedValue(tried(verdict));
      const { exitCode, stdout } = await firebreak('bypasses', ...IMAGE, ARTICLE);
      expect(exitCode).toBe(expected);
      expect(stdout).toMatch(row);
      expect(stdout).toContain('not tried: inbound from the uplink (nobody is outside)');
      expect(stdout.includes('IPv6: container1>ff02::1: a test says so')).toBe(verdict !== 'closed');
    },
  );

  test.each(['closed', 'open'] as const)('--json is one document, also if they are %s', async (verdict) => {
    jest.mocked(testBypasses).mockResolvedValue(tried(verdict));
    const { stdout } = await firebreak('bypasses', '--json', ...IMAGE, ARTICLE);
    expect(JSON.parse(stdout)).toMatchObject(JSON.parse(JSON.stringify(tried(verdict))));
  });

  test('disturb nobody, unless asked to', async () => {
    jest.mocked(testBypasses).mockResolvedValue(tried('closed'));
    await firebreak('bypasses', ...IMAGE, ARTICLE);
    await firebreak('bypasses', '--disturb', ...IMAGE, ARTICLE);
    expect(jest.mocked(testBypasses).mock.calls.map(([{ disturb }]) => disturb)).toEqual([false, true]);
  });
});

describe('drops', () => {
  test('of a truck without a policy are none: that ends with 1', async () => {
    const { exitCode, stderr } = await firebreak('drops', '--state', join(directory, 'no-state'));
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('no policy is in force')]);
  });
});

describe('lab', () => {
  test('up, status and down speak JSON', async () => {
    jest.mocked(Lab.up).mockResolvedValue(lab());
    jest.mocked(Lab.find).mockResolvedValue(lab());
    expect(JSON.parse((await firebreak('lab', 'up', '--json', ARTICLE)).stdout)).toEqual({
      name: 'lab',
      kernel: 'vm',
      nodes: ['truck', 'device1'],
    });
    expect(JSON.parse((await firebreak('lab', 'status', '--json', '--name', 'b')).stdout)).toMatchObject({
      name: 'b',
      up: true,
      containers: { router: 'Up 2 seconds' },
      cloud: { up: true, host: '198.51.100.10', mqtt: 8883 },
    });
    expect(JSON.parse((await firebreak('lab', 'down', '--json')).stdout)).toEqual({ name: 'lab', up: false });
    expect(Lab.down).toHaveBeenCalledWith('lab');
  });

  test('cloud up says where it is and whose files are where; down and kill end it', async () => {
    const standing = lab();
    jest.mocked(Lab.open).mockResolvedValue(standing);
    const { stdout } = await firebreak('lab', 'cloud', 'up', '--json', '--thing', 'truck-1', 'truck-2');
    expect(JSON.parse(stdout)).toMatchObject({
      up: true,
      endpoint: { host: '198.51.100.10', mqtt: 8883 },
      operator: { certificate: 'lab.operator.pem' },
      things: { 'truck-1': { certificate: 'truck-1.pem', key: 'truck-1.key' }, 'truck-2': { ca: 'ca.pem' } },
    });
    expect((await firebreak('lab', 'cloud', 'up')).stdout).toContain('truck.pem');
    expect(JSON.parse((await firebreak('lab', 'cloud', 'kill', '--json')).stdout)).toEqual({ name: 'lab', up: false });
    expect((await firebreak('lab', 'cloud', 'down')).stdout).toContain('down');
    const calls = [standing.cloud.start, standing.cloud.kill, standing.cloud.stop].map(
      (call) => jest.mocked(call).mock.calls.length,
    );
    expect(calls).toEqual([2, 1, 1]);
  });

  test('status of a lab that is not up ends with 1', async () => {
    jest.mocked(Lab.find).mockResolvedValue(null);
    const { exitCode, stdout } = await firebreak('lab', 'status', '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ name: 'lab', up: false });
  });

  test.each([
    ['with a separator', ['--']],
    ['without a separator', []],
  ])('exec %s gives the command unchanged, and its exit code', async (_what, separator) => {
    jest.mocked(Lab.open).mockResolvedValue(lab());
    const interactive = jest.spyOn(await Lab.open('other'), 'interactive');
    const command = ['node', '--json', '--name', 'x', '--', 'process.exit(7)'];
    const { exitCode } = await firebreak('lab', 'exec', '--name', 'other', 'device1', ...separator, ...command);
    expect(exitCode).toBe(7);
    expect(Lab.open).toHaveBeenLastCalledWith('other');
    expect(interactive).toHaveBeenCalledWith('device1', command, false);
  });
});
