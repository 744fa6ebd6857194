import fc from 'fast-check';
import { stringify } from 'yaml';
import { parseRecipe } from '../../../../../lib/lab/greengrass/recipes/parse.ts';
import { forPlatform, platformOf } from '../../../../../lib/lab/greengrass/recipes/platform.ts';
import { libraryOf, resolveComponents } from '../../../../../lib/lab/greengrass/recipes/resolve.ts';
import type { Recipe } from '../../../../../lib/lab/greengrass/recipes/schema.ts';
import { interpolate } from '../../../../../lib/lab/greengrass/recipes/variables.ts';
import { compareVersions, isRequirement, satisfies } from '../../../../../lib/lab/greengrass/recipes/versions.ts';

/** As in the developer guide. */
const RECIPE = `
RecipeFormatVersion: '2020-01-25'
ComponentName: com.example.HelloWorld
ComponentVersion: 1.0.0
ComponentDescription: My first AWS IoT Greengrass component.
ComponentPublisher: Amazon
ComponentConfiguration:
  DefaultConfiguration:
    Message: world
    accessControl:
      aws.greengrass.ipc.pubsub:
        com.example.HelloWorld:pubsub:1:
          operations: ['aws.greengrass#PublishToTopic']
          resources: [topic]
ComponentDependencies:
  aws.greengrass.ShadowManager: { VersionRequirement: '>=2.3.0 <3.0.0', DependencyType: SOFT }
Manifests:
  - Platform: { os: linux, architecture: aarch64 }
    Lifecycle:
      Setenv: { PATH_OF_IT: '{artifacts:decompressedPath}/hello_world' }
      install: { Script: 'echo {configuration:/Message}', Timeout: 60, Skipif: onpath ls, RequiresPrivilege: true }
      run: python3 -u {artifacts:path}/hello_world.py \${NAME:-you}
    Artifacts:
      - URI: s3://BUCKET/hello_world.zip
        Unarchive: ZIP
        Permission: { Read: OWNER, Execute: NONE }
  - Platform: { os: linux }
    Selections: [small, all]
Lifecycle:
  small: { run: 'echo small' }
  all: { run: 'echo all' }
`;

const recipeOf = (text: string): Recipe => {
  const parsed = parseRecipe(text);
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.recipe;
};
const problemsOf = (text: string) => {
  const parsed = parseRecipe(text);
  return 'problems' in parsed ? parsed.problems.map(({ path, message }) => `${path}: ${message}`) : [];
};

test('a recipe is read', () => {
  expect(recipeOf(RECIPE)).toMatchObject({ ComponentName: 'com.example.HelloWorld', ComponentVersion: '1.0.0' });
});

test.each<[string, string, string, RegExp]>([
  [
    'a key in small letters',
    'ComponentVersion: 1.0.0',
    'componentVersion: 1.0.0',
    /^componentVersion: no key of recipes/,
  ],
  ['a key that isn’t one', 'Platform: { os: linux }', 'Platforms: { os: linux }', /^Manifests.1.Platforms: no key/],
  ['a lifecycle step in capitals', 'run: python3', 'Run: python3', /^Manifests.0.Lifecycle.Run: no key/],
  ['a script in small letters', 'Script:', 'script:', /Manifests.0.Lifecycle.install/],
  ['setenv in small letters', 'Setenv: { PATH', 'setenv: { PATH', /^Manifests.0.Lifecycle.setenv: no key/],
  ['another format', '2020-01-25', '2021-01-25', /^RecipeFormatVersion/],
  ['a bad name', 'com.example.HelloWorld\n', 'com example\n', /^ComponentName/],
  ['a bad version', 'ComponentVersion: 1.0.0', 'ComponentVersion: "1.0"', /^ComponentVersion: a semantic version/],
  ['a version that is a number', 'ComponentVersion: 1.0.0', 'ComponentVersion: 1.0', /^ComponentVersion/],
  [
    'a bad requirement',
    '>=2.3.0 <3.0.0',
    'newest',
    /^ComponentDependencies.aws.greengrass.ShadowManager.VersionRequirement/,
  ],
  ['another dependency type', 'SOFT', 'soft', /^ComponentDependencies.aws.greengrass.ShadowManager.DependencyType/],
  ['startup and run', 'run: python3', 'startup: echo\n      run: python3', /startup or run, not both/],
  ['a bad Skipif', 'onpath ls', 'ls', /^Manifests.0.Lifecycle.install.Skipif/],
  ['a bad permission', 'OWNER', 'owner', /^Manifests.0.Artifacts.0.Permission.Read/],
  ['no manifest', 'Manifests:', 'Manifests: []\nx:', /^Manifests/],
  [
    'an artifact without a URI',
    'URI: s3://BUCKET/hello_world.zip',
    'Digest: x',
    /^Manifests.0.Artifacts.0: an artifact needs a URI/,
  ],
  [
    'a ZIP that is none',
    'hello_world.zip',
    'hello_world.tar',
    /^Manifests.0.Artifacts.0.Unarchive: hello_world.tar is no .zip/,
  ],
  [
    'an unknown variable',
    '{artifacts:path}',
    '{artifacts:paths}',
    /^Manifests.0.Lifecycle.run: {artifacts:paths}: artifacts has path and/,
  ],
  [
    'a configuration that isn’t there',
    '/Message}',
    '/Massage}',
    /{configuration:\/Massage}: not in the DefaultConfiguration/,
  ],
  [
    'somebody else’s path',
    '{artifacts:path}',
    '{other:artifacts:path}',
    /other is not among the ComponentDependencies/,
  ],
  ['too many bytes', 'My first', 'x'.repeat(16_000), /^recipe: it has 1\d{4} bytes; at most 16000/],
  ['bytes, not characters', 'My first', 'ä'.repeat(8_000), /^recipe: it has 1\d{4} bytes/],
  ['no YAML', 'Manifests:', 'Manifests: {', /^recipe: /],
  ['a key twice', 'ComponentPublisher: Amazon', 'ComponentName: b', /^recipe: .*unique/],
])('%s is refused', (_, from, to, problem) => {
  expect(RECIPE).toContain(from);
  expect(problemsOf(RECIPE.replace(from, to))).toContainEqual(expect.stringMatching(problem));
});

test('whatever the text, it is told and not thrown', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.jsonValue().map((value) => stringify(value)),
      ),
      (text) => problemsOf(text).length > 0,
    ),
  );
});

test('the first manifest that fits the platform counts', () => {
  const arm = forPlatform(recipeOf(RECIPE), platformOf('arm64'));
  expect(arm?.lifecycle.install).toBeDefined();
  expect(arm?.artifacts).toHaveLength(1);
  expect(forPlatform(recipeOf(RECIPE), platformOf('x64'))).toEqual({ lifecycle: { run: 'echo small' }, artifacts: [] });
  expect(forPlatform(recipeOf(RECIPE.replace('os: linux }', 'os: darwin }')), platformOf('x64'))).toBeUndefined();
  const expression = RECIPE.replace('architecture: aarch64', 'architecture: /amd64|aarch64/');
  expect(forPlatform(recipeOf(expression), platformOf('x64'))?.artifacts).toHaveLength(1);
});

test('variables get their values, and what is none stays', () => {
  const text = '{artifacts:path} {a.B:work:path} {configuration:/x/0} $X {x:y} {n:-{iot:thingName}}';
  const seen = interpolate(text, ({ component = 'self', namespace, key }) => `<${component} ${namespace} ${key}>`);
  expect(seen).toBe(
    '<self artifacts path> <a.B work path> <self configuration /x/0> $X {x:y} {n:-<self iot thingName>}',
  );
});

test.each([
  ['1.2.3', '1.2.3', true],
  ['1.2.3', '=1.2.4', false],
  ['1.9.0', '^1.2.3', true],
  ['2.0.0', '^1.2.3', false],
  ['2.0.0-alpha', '^1.2.3', false],
  ['0.2.9', '^0.2.3', true],
  ['0.3.0', '^0.2.3', false],
  ['0.0.4', '^0.0.3', false],
  ['1.2.9', '~1.2.3', true],
  ['1.3.0', '~1.2.3', false],
  ['1.9.9', '~1', true],
  ['2.9.9', '>=2.0.0 <3.0.0', true],
  ['3.0.0', '>=2.0.0 <3.0.0', false],
  ['3.0.0', '>= 2.0.0 || 1.0.0', true],
  ['1.2.0', '1.x', true],
  ['1.2.0', '1.2', true],
  ['1.3.0', '1.2.*', false],
  ['1.2.0', '>1.2', false],
  ['1.3.0', '>1.2', true],
  ['1.2.9', '<=1.2', true],
  ['9.9.9', '*', true],
  ['1.0.0-beta', '*', false],
  ['1.0.0-beta.2', '>=1.0.0-beta.1', true],
  ['1.1.0-beta.2', '>=1.0.0-beta.1', false],
])('%s satisfies %s: %s', (version, requirement, is) => {
  expect(satisfies(version, requirement)).toBe(is);
});

test.each(['', 'x.y', 'latest', '1.2.3.4', '>', '1 - 2'])('%j is %s requirement', (text) => {
  expect(isRequirement(text)).toBe(text === '');
});

test('versions are ordered as semver orders them', () => {
  const ordered = [
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.0.2',
    '1.0.10',
    '1.1.0',
    '2.0.0',
  ];
  expect([...ordered].reverse().sort(compareVersions)).toEqual(ordered);
});

describe('resolving', () => {
  const recipe = (name: string, version: string, dependencies: Record<string, string> = {}): Recipe => ({
    ...{ RecipeFormatVersion: '2020-01-25', ComponentName: name, ComponentVersion: version, Manifests: [{}] },
    ComponentDependencies: Object.fromEntries(
      Object.entries(dependencies).map(([on, VersionRequirement]) => [on, { VersionRequirement }]),
    ),
  });
  const resolve = (wanted: Record<string, string>, ...recipes: Recipe[]) =>
    resolveComponents(wanted, libraryOf(recipes), { 'aws.greengrass.Nucleus': '2.12.0' }).map(
      ({ ComponentName, ComponentVersion }) => `${ComponentName} ${ComponentVersion}`,
    );

  test('dependencies come first, in the newest version that suits everybody', () => {
    const recipes = [
      recipe('app', '1.0.0', { runtime: '^1.0.0', lib: '*' }),
      recipe('lib', '1.0.0', { runtime: '<1.5.0', 'aws.greengrass.Nucleus': '^2.0.0' }),
      ...['1.0.0', '1.4.0', '1.9.0', '2.0.0'].map((version) => recipe('runtime', version)),
    ];
    expect(resolve({ app: '1.0.0' }, ...recipes)).toEqual(['runtime 1.4.0', 'lib 1.0.0', 'app 1.0.0']);
  });

  test('what a version that was not chosen in the end would have needed is not there', () => {
    const recipes = [
      recipe('a', '1.0.0', { b: '*' }),
      recipe('z', '1.0.0', { b: '<2.0.0' }),
      recipe('b', '1.0.0'),
      recipe('b', '2.0.0', { c: '*' }),
      recipe('c', '1.0.0'),
    ];
    expect(resolve({ a: '1.0.0', z: '1.0.0' }, ...recipes)).toEqual(['b 1.0.0', 'a 1.0.0', 'z 1.0.0']);
  });

  test.each<[string, Recipe[], RegExp]>([
    [
      'a missing component',
      [recipe('app', '1.0.0', { lib: '^1.0.0' })],
      /lib: app 1.0.0 requires \^1.0.0; there is no version/,
    ],
    ['a missing version', [recipe('app', '1.1.0')], /app: the deployment requires =1.0.0; there is 1.1.0/],
    [
      'a contradiction',
      [recipe('app', '1.0.0', { a: '*', b: '*' }), recipe('a', '1.0.0', { b: '^1.0.0' }), recipe('b', '2.0.0')],
      /b: .*a 1.0.0 requires \^1.0.0/,
    ],
    [
      'a circle',
      [recipe('app', '1.0.0', { a: '*' }), recipe('a', '1.0.0', { app: '*' })],
      /in a circle: app → a → app|in a circle: a → app → a/,
    ],
    [
      'another nucleus',
      [recipe('app', '1.0.0', { 'aws.greengrass.Nucleus': '^3.0.0' })],
      /aws.greengrass.Nucleus: app 1.0.0 requires \^3.0.0; it is 2.12.0 here/,
    ],
  ])('%s is told', (_, recipes, why) => {
    expect(() => resolve({ app: '1.0.0' }, ...recipes)).toThrow(why);
  });
});
