import { setTimeout as pause } from 'node:timers/promises';
import { Lab } from '../../lib/lab/lab.ts';
import { bringUp, example, failures, matrix, openLab, presentLab } from './support.ts';

jest.setTimeout(900_000);

/** A change of policy that comes to nothing, on a real truck. */
const ARTICLE = example('article.yaml');
/** Another segment, another address of the router; and an image that nobody has, pulled when all else is done. */
const CHANGED = ARTICLE.replace('sequence: 1', 'sequence: 2').replaceAll('10.0.2.', '10.0.7.');
const UNOBTAINABLE = CHANGED.replace('alpine:3', 'nobody/has-this:1');

let lab: Lab;

interface Status {
  readonly revision: string | null;
  readonly underway: string | null;
  readonly drift: readonly string[];
}

const firebreak = async (argv: readonly string[], input = '') =>
  lab.firebreak([...argv, '--json'], { input, check: false });
const status = async () => JSON.parse((await firebreak(['status'])).stdout) as Status;

beforeAll(async () => {
  lab = await openLab();
  await bringUp(lab, ARTICLE);
});

async function expectArticleInForce(): Promise<void> {
  expect(await status()).toMatchObject({ revision: expect.stringMatching(/^1-/), underway: null, drift: [] });
  expect(failures(await matrix(lab, ARTICLE))).toEqual([]);
}

test('a policy whose image nobody has is rolled back, and the policy before is in force, whole', async () => {
  const { stdout, stderr, exitCode } = await firebreak(['apply', '-'], UNOBTAINABLE);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/nobody%2Fhas-this.*\n.* is in force again/);
  expect(JSON.parse(stdout)).toMatchObject({ rolledBackTo: expect.stringMatching(/^1-/) });
  await expectArticleInForce();
});

test('where the kernel refuses the way there and the way back, that is said, and recover ends it when the kernel is willing', async () => {
  // A table that has an owner can't be changed by anybody else (nft(8), flags owner).
  const own = 'delete table bridge firebreak_edge; add table bridge firebreak_edge { flags owner; }';
  const hold = `exec 3<>/run/owner; setsid nft -i <&3 >/run/owner.log 2>&1 & echo $! >/run/owner.pid; echo '${own}' >&3; sleep infinity`;
  await lab.exec('truck', [
    'sh',
    '-c',
    `rm -f /run/owner; mkfifo /run/owner; setsid sh -c '${hold.replaceAll("'", `'\\''`)}' >/dev/null 2>&1 </dev/null & echo $! >/run/owner.shell`,
  ]);
  try {
    await until(async () =>
      (await lab.exec('truck', ['nft', 'list', 'table', 'bridge', 'firebreak_edge'])).stdout.includes('owner'),
    );
    const { stderr, exitCode } = await firebreak(['apply', '-'], CHANGED);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/Operation not permitted[\s\S]*could not be put back in force[\s\S]*firebreak recover/);
    expect(await status()).toMatchObject({
      revision: expect.stringMatching(/^1-/),
      underway: expect.stringMatching(/^2-/),
    });
  } finally {
    await lab.exec('truck', ['sh', '-c', 'kill -9 $(cat /run/owner.pid) -$(cat /run/owner.shell)'], { check: false });
  }
  expect(JSON.parse((await firebreak(['recover'])).stdout)).toMatchObject({
    revision: expect.stringMatching(/^1-/),
    drift: [],
  });
  await expectArticleInForce();
});

test('the power is cut in the midst of a change: recover puts the policy before back in force', async () => {
  const start = 'firebreak apply - --json >/dev/null 2>&1 </run/changed.yaml &';
  await lab.exec('truck', ['tee', '/run/changed.yaml'], { input: CHANGED });
  await lab.exec('truck', ['sh', '-c', `setsid sh -c '${start}' >/dev/null 2>&1 </dev/null`]);
  await until(async () => (await status()).underway !== null);
  lab = await Lab.reboot(presentLab());
  expect(await status()).toMatchObject({
    revision: expect.stringMatching(/^1-/),
    underway: expect.stringMatching(/^2-/),
  });
  expect(JSON.parse((await firebreak(['recover'])).stdout)).toMatchObject({ drift: [] });
  await expectArticleInForce();
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  const begun = performance.now();
  while (!(await holds())) {
    if (performance.now() - begun > 120_000) throw new Error(`not within two minutes: ${holds}`);
    await pause(50);
  }
}
