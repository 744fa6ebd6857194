import fc from 'fast-check';
import { parse } from 'yaml';
import { digest } from '../../../lib/artifacts/digest.ts';
import { type Filling, fillRecipe } from '../../../lib/artifacts/recipe.ts';

const TEMPLATE = `
RecipeFormatVersion: '2020-01-25'
ComponentName: com.example.Engine # a comment
ComponentVersion: 0.0.0
ComponentDependencies:
  com.example.Pump: { VersionRequirement: 0.0.0, DependencyType: HARD }
  aws.greengrass.ShadowManager: { VersionRequirement: '>=2.3.0 <3.0.0', DependencyType: SOFT }
Manifests:
  - Platform: { os: linux, architecture: amd64 }
    Artifacts: [{ URI: s3://FIREBREAK-ARTIFACTS/x86_64.zip, Unarchive: ZIP }]
  - Platform: { os: linux, architecture: aarch64 }
    Artifacts: [{ URI: s3://FIREBREAK-ARTIFACTS/aarch64.zip, Unarchive: ZIP }]
Lifecycle:
  Setenv: { FIREBREAK_VERSION: 0.0.0, OTHER: 1 }
  install: { Script: 'echo {artifacts:path}' }
`;

const filling = (changed: Partial<Filling> = {}): Filling => ({
  artifacts: new Map([
    ['x86_64.zip', Buffer.from('for x86_64')],
    ['aarch64.zip', Buffer.from('for aarch64')],
  ]),
  versions: new Map([['com.example.Pump', '1.2.3']]),
  architectures: ['amd64', 'aarch64'],
  ...changed,
});

test('a filled recipe names its version, where artifacts are and what they must be, and exactly which of our components it needs', () => {
  const { name, version, text } = fillRecipe(TEMPLATE, filling());
  const artifact = (file: string, content: string) => ({
    URI: `s3://FIREBREAK-ARTIFACTS/com.example.Engine/${version}/${file}`,
    Digest: digest(content, 'base64'),
    Algorithm: 'SHA-256',
    Unarchive: 'ZIP',
  });
  expect(name).toBe('com.example.Engine');
  expect(parse(text)).toEqual({
    RecipeFormatVersion: '2020-01-25',
    ComponentName: 'com.example.Engine',
    ComponentVersion: version,
    ComponentDependencies: {
      'com.example.Pump': { VersionRequirement: '1.2.3', DependencyType: 'HARD' },
      'aws.greengrass.ShadowManager': { VersionRequirement: '>=2.3.0 <3.0.0', DependencyType: 'SOFT' },
    },
    Manifests: [
      { Platform: { os: 'linux', architecture: 'amd64' }, Artifacts: [artifact('x86_64.zip', 'for x86_64')] },
      { Platform: { os: 'linux', architecture: 'aarch64' }, Artifacts: [artifact('aarch64.zip', 'for aarch64')] },
    ],
    Lifecycle: {
      Setenv: { FIREBREAK_VERSION: version, OTHER: 1 },
      install: { Script: 'echo {artifacts:path}' },
    },
  });
});

test('it says the same to a reader of YAML 1.1, for whom a bare date is no text', () => {
  const { text } = fillRecipe(TEMPLATE, filling());
  expect(parse(text, { version: '1.1', schema: 'yaml-1.1' })).toEqual(parse(text));
});

describe('the version', () => {
  const version = (template: string, changed: Partial<Filling> = {}) => fillRecipe(template, filling(changed)).version;
  const before = version(TEMPLATE);

  test.each([
    ['a comment', TEMPLATE.replace('# a comment', '# another one')],
    [
      'how it is laid out',
      TEMPLATE.replace("{ Script: 'echo {artifacts:path}' }", '\n    Script: echo {artifacts:path}'),
    ],
  ])('stays when only %s has changed', (_what, template) => {
    expect(version(template)).toBe(before);
  });

  test.each<[string, string, Partial<Filling>]>([
    ['a script', TEMPLATE.replace('echo', 'printf'), {}],
    ['a requirement', TEMPLATE.replace('>=2.3.0', '>=2.4.0'), {}],
    ['a version of ours that it needs', TEMPLATE, { versions: new Map([['com.example.Pump', '1.2.4']]) }],
    [
      'a byte of an artifact',
      TEMPLATE,
      {
        artifacts: new Map([
          ['x86_64.zip', Buffer.from('for x86_64!')],
          ['aarch64.zip', Buffer.from('for aarch64')],
        ]),
      },
    ],
    [
      'the platforms',
      TEMPLATE,
      { architectures: ['amd64'], artifacts: new Map([['x86_64.zip', Buffer.from('for x86_64')]]) },
    ],
  ])('changes with %s', (_what, template, changed) => {
    expect(version(template, changed)).not.toBe(before);
  });

  test('changes with whatever byte of an artifact', () => {
    const artifact = fc.uint8Array({ minLength: 1, maxLength: 64 });
    const artifacts = (bytes: Uint8Array) => ({ artifacts: new Map([...filling().artifacts, ['x86_64.zip', bytes]]) });
    fc.assert(
      fc.property(artifact, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, flip) => {
        const changed = Uint8Array.from(bytes, (byte, index) => (index === at % bytes.length ? byte ^ flip : byte));
        expect(version(TEMPLATE, artifacts(changed))).not.toBe(version(TEMPLATE, artifacts(bytes)));
      }),
    );
  });
});

test.each<[string, string, Partial<Filling>, RegExp]>([
  ['names an artifact that isn’t built', TEMPLATE.replace('/x86_64.zip', '/x86.zip'), {}, /names x86\.zip, which/],
  [
    'doesn’t name one that is built',
    TEMPLATE,
    { artifacts: new Map([...filling().artifacts, ['more.zip', Buffer.from('')]]) },
    /builds more\.zip, which its recipe doesn't name/,
  ],
  ['needs what is built after it', TEMPLATE, { versions: new Map() }, /com\.example\.Pump is needed/],
  ['gives itself a version', TEMPLATE.replace('ComponentVersion: 0.0.0', 'ComponentVersion: 1.0.0'), {}, /0\.0\.0/],
  ['puts an artifact elsewhere', TEMPLATE.replace('FIREBREAK-ARTIFACTS', 'a-bucket'), {}, /s3:\/\/a-bucket/],
  ['is too large', TEMPLATE.replace('echo', `echo ${'x'.repeat(16_000)}`), {}, /has 16\d{3} bytes, Greengrass takes/],
])('a recipe that %s is refused', (_what, template, changed, why) => {
  expect(() => fillRecipe(template, filling(changed))).toThrow(why);
});
