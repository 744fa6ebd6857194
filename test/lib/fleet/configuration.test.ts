import { readFileSync } from 'node:fs';
import { ConfigurationError, readStage } from '../../../lib/fleet/config/read-stage.ts';
import { DEFAULT_STAGE } from '../../../lib/fleet/names.ts';
import { BASELINE, COMPONENTS, CONFIGURATION, stageOf } from './support.ts';

test('what nothing is said about has a default', () => {
  const { rings, evidence, baselinePolicy } = stageOf();
  expect(rings.canary).toMatchObject({ startPerMinute: 1, mostPerMinute: 5, abortAfter: 1, timeoutMinutes: 1440 });
  expect(rings.fleet).toMatchObject({ abortPercent: 5 });
  expect(evidence.keepDays).toBe(730);
  expect(baselinePolicy).toMatchObject({ version: 1, trunk: { interface: 'enp2s0' } });
});

test('fleet.yaml has the stage that is meant when none is named', () => {
  const read = (path: string) => readFileSync(path, 'utf8');
  expect(readStage('fleet.yaml', DEFAULT_STAGE, { read, components: COMPONENTS }).name).toBe(DEFAULT_STAGE);
});

test.each([
  ['baseline: examples', 'basline: x', 'fleet.yaml: stages.test.basline: The key is unknown here. Remove it.'],
  ['"123456789012"', '12', 'fleet.yaml: stages.test.account: '],
  ['eu-central-1', 'Frankfurt', 'fleet.yaml: stages.test.region: '],
  ['monthlyUsd: 50', 'monthlyUsd: 0', 'fleet.yaml: stages.test.budget.monthlyUsd: '],
  ['[duty@example.org]', '[duty]', 'fleet.yaml: stages.test.alarms.page[0]: '],
  ['budget:', 'rings: { early: { factor: 9 } }\n    budget:', 'fleet.yaml: stages.test.rings.early.factor: '],
  [
    'budget:',
    'rings: { early: { startPerMinute: 60 } }\n    budget:',
    'fleet.yaml: stages.test.rings.early.startPerMinute: 60 is more than mostPerMinute, 50. Lower it.',
  ],
  ['[north, south]', '[North]', 'fleet.yaml: stages.test.depots[0]: a depot is 1 to 24 small letters'],
  ['[north, south]', '[north, north]', 'fleet.yaml: stages.test.depots: a depot stands there twice'],
  [
    BASELINE,
    'examples/none.yaml',
    'fleet.yaml: stages.test.baseline: examples/none.yaml can’t be read'.replace('’', "'"),
  ],
  [BASELINE, 'examples/truck-patch.yaml', 'examples/truck-patch.yaml: '],
  [
    'budget:',
    'rings: { early: { release: { com.firebreak.Router: "1.2" } } }\n    budget:',
    'fleet.yaml: stages.test.rings.early.release["com.firebreak.Router"]: a version has three numbers, such as 1.2.3.',
  ],
])('instead of %s, %s: the message names the field', (from, to, message) => {
  expect(() => stageOf(CONFIGURATION.replace(from, to))).toThrow(message);
});

test('a release that leaves a component out, or names a strange one, is refused with its field path', () => {
  const released = (names: readonly string[]) => () =>
    stageOf(
      CONFIGURATION.replace(
        'budget:',
        `rings: { early: { release: { ${names.map((name) => `${name}: 1.2.3`)} } } }\n    budget:`,
      ),
    );
  const [, ...others] = COMPONENTS;
  expect(released(COMPONENTS)).not.toThrow();
  expect(released(others)).toThrow(
    new ConfigurationError('fleet.yaml', [
      {
        path: 'stages.test.rings.early.release',
        message: 'com.firebreak.Runtime is missing, and would be removed from trucks. Add its version.',
      },
    ]),
  );
  expect(released([])).toThrow(`stages.test.rings.early.release: ${COMPONENTS.join(', ')} is missing`);
  expect(released([...COMPONENTS, 'com.firebreak.Rooter'])).toThrow(
    'fleet.yaml: stages.test.rings.early.release["com.firebreak.Rooter"]: It is no component of ours. Remove it.',
  );
});

test('a stage that there isn’t, and two in one account and region, are refused', () => {
  expect(() => stageOf(CONFIGURATION, 'prod')).toThrow(
    'stages.prod: There is no such stage. Say cdk -c stage=NAME; there are test.',
  );
  const twice = `${CONFIGURATION}  other:\n    account: "123456789012"\n    region: eu-central-1\n    baseline: ${BASELINE}\n`;
  expect(() => stageOf(twice)).toThrow('stages.test: Stage other is in the same account and region.');
});
