import fc from 'fast-check';
import { commandAt, nodeNames, type Surroundings } from '../../../lib/lab/nodes.ts';
import { policyDocument } from '../policy/arbitrary.ts';
import { example, policyOf } from '../truck/support.ts';

const surroundings: Surroundings = {
  lab: 'lab',
  policy: example('article.yaml'),
  socket: '/var/lib/firebreak/lab/docker.sock',
  truckEnvironment: { PATH: '/opt/bin:/bin', DOCKER_HOST: 'unix:///var/lib/firebreak/lab/docker.sock' },
};
const DOCKER = ['docker', '--host', 'unix:///var/lib/firebreak/lab/docker.sock', 'exec'];
const ping = ['ping', '-c1', '10.0.1.3'];

test.each<[string, readonly string[]]>([
  [
    'truck',
    [
      'nsenter',
      '--net=/run/netns/fb.lab.truck',
      'env',
      'PATH=/opt/bin:/bin',
      'DOCKER_HOST=unix:///var/lib/firebreak/lab/docker.sock',
    ],
  ],
  ['switch', ['nsenter', '--net=/run/netns/fb.lab.switch']],
  ['internet', ['nsenter', '--net=/run/netns/fb.lab.internet']],
  ['device1', ['nsenter', '--net=/run/netns/fb.lab.device1']],
  ['router', [...DOCKER, '--interactive', 'router']],
  ['container1', [...DOCKER, '--interactive', 'container1']],
])('a command gets to %s', (node, before) => {
  expect(commandAt(surroundings, node, ping)).toEqual([...before, ...ping]);
});

test('a terminal is asked for only where docker would not give one', () => {
  expect(commandAt(surroundings, 'router', ['sh'], true)).toEqual([
    ...DOCKER,
    '--interactive',
    '--tty',
    'router',
    'sh',
  ]);
  expect(commandAt(surroundings, 'device1', ['sh'], true)).toEqual(commandAt(surroundings, 'device1', ['sh']));
});

test.each(['device9', '', 'Truck', '__proto__', 'br0net', 'device1 '])(
  'at %j there is nobody, and who there is, is said',
  (node) => {
    expect(() => commandAt(surroundings, node, ping)).toThrow(
      `there is no ${node} in this lab; its nodes are truck, switch, internet, router, container1, container2, device1, device2`,
    );
  },
);

describe('of any policy', () => {
  test('a command, whatever it is, gets unchanged to each node that is named, in that lab', () => {
    fc.assert(
      fc.property(policyDocument(), fc.array(fc.string(), { minLength: 1 }), (document, argv) => {
        const here = { ...surroundings, lab: 'other', policy: policyOf(JSON.stringify(document)) };
        for (const node of nodeNames(here)) {
          const command = commandAt(here, node, argv);
          expect(command.slice(-argv.length)).toEqual(argv);
          expect(
            command.slice(0, -argv.length).some((word) => word === node || word.endsWith(`/fb.other.${node}`)),
          ).toBe(true);
        }
      }),
    );
  });

  test('every node has a name of its own', () => {
    fc.assert(
      fc.property(policyDocument(), (document) => {
        const names = nodeNames({ ...surroundings, policy: policyOf(JSON.stringify(document)) });
        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });
});
