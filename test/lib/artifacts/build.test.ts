import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import { parse } from 'yaml';
import { defaultCacheDirectory } from '../../../components/router/cache-directory.ts';
import { type Architecture, nativeArchitecture } from '../../../components/router/debian.ts';
import type { BuiltComponent } from '../../../lib/artifacts/build.ts';
import { digest } from '../../../lib/artifacts/digest.ts';
import { PLATFORMS } from '../../../lib/artifacts/platforms.ts';
import { parseRecipe } from '../../../lib/lab/greengrass/recipes/parse.ts';
import { forPlatform, platformOf } from '../../../lib/lab/greengrass/recipes/platform.ts';
import { isolationTesterAccess, networkManagerAccess } from '../../../lib/shadow/permissions.ts';

jest.setTimeout(600_000);

const ROOT = join(__dirname, '../../..');
const scratch = mkdtempSync(join(tmpdir(), 'firebreak-build-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** As `npm run build:components` does it. */
function build(
  root: string,
  out: string,
  how: { argv?: readonly string[]; node?: string; environment?: NodeJS.ProcessEnv } = {},
) {
  const { argv = [], node = process.execPath, environment = {} } = how;
  const command = [join(root, 'scripts', 'build-components.mjs'), '--out', out, ...argv];
  execFileSync(node, command, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 2] });
  return JSON.parse(readFileSync(join(out, 'components.json'), 'utf8')) as readonly BuiltComponent[];
}

/** Path and digest of every file. */
const contents = (directory: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [file.slice(directory.length), digest(readFileSync(file), 'hex')]),
  );

/** What a build needs of the project, elsewhere, with other times and modes. */
function copyOfProject(to: string): string {
  for (const part of ['bin', 'components', 'lib', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json']) {
    cpSync(join(ROOT, part), join(to, part), { recursive: true });
  }
  for (const entry of readdirSync(to, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    chmodSync(path, statSync(path).mode & 0o700);
    utimesSync(path, 86_400, 86_400);
  }
  symlinkSync(join(ROOT, 'node_modules'), join(to, 'node_modules'));
  return to;
}

/** A cache that has the downloads of the usual one, and nothing of what was made of them. */
function freshCache(): string {
  const base = join(scratch, 'cache');
  mkdirSync(join(base, 'firebreak'), { recursive: true });
  for (const part of ['npm', 'packages', 'apt']) {
    const downloads = join(defaultCacheDirectory(), part);
    if (existsSync(downloads)) symlinkSync(downloads, join(base, 'firebreak', part));
  }
  return base;
}

const out = join(scratch, 'components');
let built: readonly BuiltComponent[];
let native: Architecture;
beforeAll(() => {
  built = build(ROOT, out);
});
const recipeOf = ({ recipe }: BuiltComponent) => parse(readFileSync(join(out, recipe), 'utf8'));
const files = (name: string) => built.find((component) => component.name === name)?.artifacts ?? [];

test('every component is there, those that others depend on first', () => {
  expect(built.map(({ name }) => name)).toEqual([
    'com.firebreak.Runtime',
    'com.firebreak.Router',
    'com.firebreak.NetworkManager',
    'com.firebreak.IsolationTester',
  ]);
});

test.each(PLATFORMS)('every recipe is as Greengrass documents it, and means something on $greengrass', ({ npm }) => {
  for (const { recipe } of built) {
    const parsed = parseRecipe(readFileSync(join(out, recipe), 'utf8'));
    if ('problems' in parsed) throw new Error(`${recipe}: ${JSON.stringify(parsed.problems)}`);
    const { lifecycle, artifacts } = forPlatform(parsed.recipe, platformOf(npm)) ?? {};
    expect(artifacts).toHaveLength(1);
    expect(Object.keys(lifecycle ?? {})).not.toEqual([]);
  }
});

test('only what speaks to Docker or works on networks runs as root', () => {
  const asRoot = built.flatMap((component) =>
    Object.entries<{ RequiresPrivilege?: boolean }>(recipeOf(component).Lifecycle)
      .filter(([, { RequiresPrivilege }]) => RequiresPrivilege === true)
      .map(([step]) => `${component.name} ${step}`),
  );
  expect(asRoot).toEqual([
    'com.firebreak.Router startup',
    'com.firebreak.NetworkManager startup',
    'com.firebreak.NetworkManager recover',
    'com.firebreak.IsolationTester startup',
  ]);
});

test.each([
  ['com.firebreak.NetworkManager', networkManagerAccess],
  ['com.firebreak.IsolationTester', isolationTesterAccess],
] as const)('%s asks of Greengrass what the words say, and nothing else', (name, access) => {
  const component = built.find((one) => one.name === name);
  const { accessControl } =
    component === undefined ? {} : recipeOf(component).ComponentConfiguration.DefaultConfiguration;
  const asked = Object.entries<Record<string, { operations: string[]; resources: string[] }>>(accessControl).map(
    ([service, policies]) => [
      service,
      Object.entries(policies).map(([policy, { operations, resources }]) => {
        // The nucleus wants them different among all components.
        expect(policy.startsWith(`${name}:`)).toBe(true);
        return { operations, resources };
      }),
    ],
  );
  expect(Object.fromEntries(asked)).toEqual(access('{iot:thingName}'));
  expect(JSON.stringify(accessControl)).not.toContain('*');
});

test('the layout is what a local deployment takes, and holds nothing else', () => {
  const expected = built.flatMap(({ name, version, artifacts }) => [
    `/recipes/${name}-${version}.yaml`,
    ...artifacts.map(({ path }) => `/${path}`),
  ]);
  expect(Object.keys(contents(out))).toEqual(['/components.json', ...expected].sort());
});

test('each artifact that a recipe names lies where the recipe says, with the digest that it says', () => {
  for (const component of built) {
    const named = recipeOf(component).Manifests.flatMap(
      (manifest: { Artifacts: readonly object[] }) => manifest.Artifacts,
    ) as { URI: string; Digest: string }[];
    expect(new Set(named.map(({ URI }) => URI.replace('s3://FIREBREAK-ARTIFACTS', 'artifacts')))).toEqual(
      new Set(component.artifacts.map(({ path }) => path)),
    );
    for (const { URI, Digest } of named) {
      const content = readFileSync(join(out, URI.replace('s3://FIREBREAK-ARTIFACTS', 'artifacts')));
      expect(digest(content, 'base64')).toBe(Digest);
    }
    for (const { path, bytes, sha256 } of component.artifacts) {
      const content = readFileSync(join(out, path));
      expect([content.length, digest(content, 'hex')]).toEqual([bytes, sha256]);
    }
  }
});

test('each of ours that a component needs is named by the version that was built', () => {
  const versions = new Map(built.map(({ name, version }) => [name, version]));
  for (const component of built) {
    for (const [name, needed] of Object.entries<{ VersionRequirement: string }>(
      recipeOf(component).ComponentDependencies ?? {},
    )) {
      if (name.startsWith('com.firebreak.')) expect(needed.VersionRequirement).toBe(versions.get(name));
    }
  }
});

test.each<[string, number]>([
  ['com.firebreak.Runtime', 50_000_000],
  ['com.firebreak.Router', 7_500_000],
  ['com.firebreak.NetworkManager', 1_000_000],
  ['com.firebreak.IsolationTester', 500_000],
])('a truck downloads no more of %s than it must', (name, most) => {
  expect(files(name).length).toBeGreaterThan(0);
  for (const { bytes } of files(name)) expect(bytes).toBeLessThan(most);
});

describe.each(PLATFORMS)('the runtime for $greengrass', ({ machine, npm }) => {
  const MACHINES = { x64: 62, arm64: 183 };
  const runtime = () => {
    const { path } = files('com.firebreak.Runtime').find((file) => file.path.endsWith(`-${machine}.zip`)) ?? {};
    return unzipSync(readFileSync(join(out, path ?? '')));
  };

  test('holds Node and addons for this processor, and none for another', () => {
    const binaries = Object.entries(runtime()).filter(([, bytes]) => Buffer.from(bytes).readUInt32BE(0) === 0x7f454c46);
    expect(binaries.map(([path, bytes]) => [path, Buffer.from(bytes).readUInt16LE(18)])).toEqual([
      ['aws-crt-nodejs.node', MACHINES[npm]],
      ['node', MACHINES[npm]],
      [`node_modules/@koromix/koffi-linux-${npm}/linux_${npm}/koffi.node`, MACHINES[npm]],
    ]);
  });
});

/** The built runtime for this machine, as the nucleus unpacks it; gives the program that starts programs with it. */
async function unpackedRuntime(): Promise<string> {
  const { machine } = PLATFORMS.find(({ debian }) => debian === native) ?? {};
  const archive = files('com.firebreak.Runtime').find(({ path }) => path.endsWith(`-${machine}.zip`));
  const directory = join(scratch, 'runtime');
  for (const [path, bytes] of Object.entries(unzipSync(readFileSync(join(out, archive?.path ?? ''))))) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), bytes, { mode: 0o555 });
  }
  return join(directory, 'run');
}

describe('with the runtime’s Node instead of this one', () => {
  let run: string;
  beforeAll(async () => {
    native = await nativeArchitecture();
    run = await unpackedRuntime();
  });

  test('programs find the native addons, wherever they are themselves', () => {
    const program = join(scratch, 'program.js');
    const addons = '[require("koffi").version, typeof require(process.env.AWS_CRT_NODEJS_BINARY_ABSOLUTE_PATH)]';
    writeFileSync(program, `console.log(JSON.stringify([process.version, process.argv[2], ...${addons}]))`);
    const [version, word, koffi, crt] = JSON.parse(execFileSync(run, [program, 'two words'], { cwd: '/' }).toString());
    expect([version, word, koffi, crt]).toEqual([
      expect.stringMatching(/^v22\./),
      'two words',
      expect.any(String),
      'object',
    ]);
  });

  test('a build elsewhere, at other times, with other modes, umask, time zone and locale, and nothing in the cache, gives the same bytes; and only what has changed gets another version', () => {
    const elsewhere = copyOfProject(join(scratch, 'a place', 'elsewhere'));
    const argv = ['--architecture', native];
    const here = build(ROOT, join(scratch, 'here'), { argv });
    const environment = { XDG_CACHE_HOME: freshCache(), TZ: 'Asia/Kathmandu', LANG: 'tr_TR.UTF-8', LC_ALL: 'C.UTF-8' };
    const again = join(scratch, 'again');
    const before = process.umask(0o077);
    try {
      build(elsewhere, again, { argv, node: run, environment });
      expect(contents(again)).toEqual(contents(join(scratch, 'here')));

      appendFileSync(join(elsewhere, 'components/network-manager/back-off.ts'), '\nconsole.log(1);\n');
      const rebuilt = build(elsewhere, again, { argv, node: run, environment });
      const changed = rebuilt.filter(({ version }, index) => version !== here[index]?.version).map(({ name }) => name);
      expect(changed).toEqual(['com.firebreak.NetworkManager', 'com.firebreak.IsolationTester']);
    } finally {
      process.umask(before);
    }
  });
});
