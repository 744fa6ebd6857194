import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { parse } from 'yaml';
import { checkDocument, mergePolicy, parsePolicy, policyJsonSchema } from '../../../lib/policy/index.ts';
import { validDocument } from './documents.ts';

const folder = join(__dirname, '../../../examples');
const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const examples = readdirSync(folder).filter((file) => file.endsWith('.yaml') && !file.endsWith('-patch.yaml'));
/** ajv knows no formats by itself; the patterns beside them say the same. */
const accepts = new Ajv({ validateFormats: false, strict: true }).compile(policyJsonSchema());

describe.each(examples)('%s', (file) => {
  test('is a valid policy', () => {
    const errors = parsePolicy(read(file)).problems.filter(({ severity }) => severity === 'error');
    expect(errors).toEqual([]);
  });

  test('is accepted by the JSON schema', () => {
    accepts(parse(read(file)));
    expect(accepts.errors).toBeNull();
  });

  test('tells editors where its schema is', () => {
    expect(read(file).split('\n')[0]).toBe('# yaml-language-server: $schema=./policy.schema.json');
  });
});

describe('article.yaml', () => {
  const { policy, problems } = parsePolicy(read('article.yaml'));

  test("has the article's addresses", () => {
    expect(
      policy?.segments.map(({ name, subnet, router, gateway, bridge }) => [name, subnet, router, gateway, bridge]),
    ).toEqual([
      ['br0net', '10.0.1.0/24', '10.0.1.3', '10.0.1.2', 'br0'],
      ['br1net', '10.0.2.0/24', '10.0.2.3', '10.0.2.2', 'br1'],
    ]);
    expect(policy?.nodes.map(({ name, address }) => [name, address])).toEqual([
      ['container1', '10.0.1.4'],
      ['container2', '10.0.2.4'],
      ['device1', '10.0.1.5'],
      ['device2', '10.0.2.5'],
    ]);
  });

  test('is warned of VLAN 1, and of nothing else', () => {
    expect(problems.map(({ path }) => path)).toEqual(['segments.br0net.vlan']);
  });
});

test.each(['station.yaml', 'fleet-baseline.yaml'])('%s gives no warning', (file) => {
  expect(parsePolicy(read(file)).problems).toEqual([]);
});

test('truck-patch.yaml is no policy by itself, and a valid one on fleet-baseline.yaml', () => {
  const patch: unknown = parse(read('truck-patch.yaml'));
  expect(checkDocument(patch).policy).toBeUndefined();
  const { policy, problems } = mergePolicy(parse(read('fleet-baseline.yaml')), patch, { baseline: 'b', patch: 'p' });
  expect(problems).toEqual([]);
  expect(policy?.nodes.map(({ name }) => name)).toEqual(['dashboard', 'pump-control', 'pump-panel', 'tablet']);
});

describe('the JSON schema', () => {
  test('in examples/policy.schema.json is current (WRITE_SCHEMA=1 npx jest test/lib/policy/examples writes it)', () => {
    const current = policyJsonSchema();
    if (process.env.WRITE_SCHEMA) {
      writeFileSync(join(folder, 'policy.schema.json'), `${JSON.stringify(current, null, 2)}\n`);
    }
    expect(JSON.parse(read('policy.schema.json'))).toEqual(current);
  });

  test('refuses what the check refuses: unknown keys and wrong types', () => {
    const faults: ((document: ReturnType<typeof validDocument>) => void)[] = [
      (d) => (d.segmnets = {}),
      (d) => (d.segments.cab.vlann = 1),
      (d) => (d.segments.cab.vlan = 'ten'),
      (d) => (d.segments.Cab = d.segments.cab),
      (d) => (d.devices.panel.mac = 'x'),
      (d) => (d.flows.web.ports = ['https']),
      (d) => delete d.trunk,
    ];
    for (const fault of faults) {
      const document = validDocument();
      expect(accepts(document)).toBe(true);
      fault(document);
      expect(accepts(document)).toBe(false);
    }
  });

  test('explains every field', () => {
    const unexplained: string[] = [];
    const walk = (schema: unknown, path: string) => {
      if (typeof schema !== 'object' || schema === null) return;
      for (const [name, field] of Object.entries((schema as { properties?: object }).properties ?? {})) {
        if (typeof field.description !== 'string') unexplained.push(`${path}.${name}`);
        walk(field, `${path}.${name}`);
        walk(field.additionalProperties, `${path}.${name}.*`);
      }
    };
    walk(policyJsonSchema(), '');
    expect(unexplained).toEqual([]);
  });
});
