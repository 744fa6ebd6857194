import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { DEFAULT_STAGE } from '../../../lib/fleet/names.ts';
import { synthesise } from '../../../lib/fleet/synthesise.ts';
import { buildComponents, CONFIGURATION, temporaryDirectory } from './support.ts';

const components = buildComponents();

/** The whole of what the CDK app does, and what it says. */
function synthesised(fleet: string, more: object = { stage: 'test' }) {
  const said: unknown[] = [];
  const error = jest.spyOn(console, 'error').mockImplementation((...words: unknown[]) => void said.push(...words));
  const exitCode = synthesise(new App({ context: { fleet, components, ...more }, analyticsReporting: false }));
  error.mockRestore();
  return { exitCode, said };
}

test.each([
  ['a release of a component that there isn’t', 'rings: { early: { release: { Rooter: 1.2.3 } } }', 'release.Rooter: '],
  ['a stage with a key that there isn’t', 'colour: red', 'stages.test.colour: '],
])('%s is told with file and field path, and without a stack trace', (_what, line, path) => {
  const file = join(temporaryDirectory(), 'fleet.yaml');
  writeFileSync(file, CONFIGURATION.replace('budget:', `${line}\n    budget:`));
  const { exitCode, said } = synthesised(file);
  expect({ exitCode, said }).toEqual({ exitCode: 1, said: [expect.stringContaining(path)] });
  expect(String(said[0])).toMatch(new RegExp(`^${file}: stages.test.`));
  expect(String(said[0])).not.toMatch(/^\s+at /m);
});

test('a configuration that can’t be read is told likewise', () => {
  const file = join(temporaryDirectory(), 'none.yaml');
  expect(synthesised(file)).toEqual({
    exitCode: 1,
    said: [expect.stringMatching(`^${file}: .*: it can't be read: ENOENT`)],
  });
});

test('components that were not built are told with what to do', () => {
  const file = join(temporaryDirectory(), 'fleet.yaml');
  writeFileSync(file, CONFIGURATION);
  const { exitCode, said } = synthesised(file, { stage: 'test', components: 'nowhere' });
  expect({ exitCode, said }).toEqual({
    exitCode: 1,
    said: [
      expect.stringMatching(/^nowhere has no built components: ENOENT.*npm run build:components -- --out nowhere/),
    ],
  });
});

test('the stage is the default one if none is named', () => {
  const file = join(temporaryDirectory(), 'fleet.yaml');
  writeFileSync(file, CONFIGURATION);
  const { said } = synthesised(file, {});
  expect(said).toEqual([
    `${file}: stages.${DEFAULT_STAGE}: There is no such stage. Say cdk -c stage=NAME; there are test.`,
  ]);
});
