import fc from 'fast-check';
import { Configurations } from '../../../../lib/lab/greengrass/configuration/configurations.ts';
import {
  changedPaths,
  fillGaps,
  merge,
  parsePointer,
  reset,
  type Tree,
} from '../../../../lib/lab/greengrass/configuration/tree.ts';

const defaults = { a: 1, list: [1, 2], map: { x: 1, y: { z: 2 } } };

test.each<[string, Tree, Tree]>([
  ['a value is replaced', { a: 2 }, { ...defaults, a: 2 }],
  ['a list is replaced whole', { list: [3] }, { ...defaults, list: [3] }],
  ['a map is merged', { map: { y: { w: 3 } } }, { ...defaults, map: { x: 1, y: { z: 2, w: 3 } } }],
  ['a map takes the place of a value', { a: { b: 1 } }, { ...defaults, a: { b: 1 } }],
  ['null is a value', { a: null }, { ...defaults, a: null }],
])('merge: %s', (_, value, result) => {
  expect(merge(defaults, value)).toEqual(result);
});

test.each<[string, string[], Tree]>([
  ['a path goes back to its default', ['/a'], { a: 1, own: 2, map: { x: 9, y: { z: 9 } } }],
  ['one without a default goes', ['/own'], { a: 5, map: { x: 9, y: { z: 9 } } }],
  ['a deep one, too', ['/map/y'], { a: 5, own: 2, map: { x: 9, y: { z: 2 } } }],
  ['a default that is not there comes', ['/list'], { a: 5, own: 2, map: { x: 9, y: { z: 9 } }, list: [1, 2] }],
  ['the empty path is everything', [''], defaults],
  ['a path that leads nowhere changes nothing', ['/no/where'], { a: 5, own: 2, map: { x: 9, y: { z: 9 } } }],
])('reset: %s', (_, pointers, result) => {
  expect(reset({ a: 5, own: 2, map: { x: 9, y: { z: 9 } } }, pointers, defaults)).toEqual(result);
});

test('new defaults fill gaps and overwrite nothing', () => {
  expect(fillGaps({ a: 5, map: { x: 9 }, list: [] }, defaults)).toEqual({ a: 5, list: [], map: { x: 9, y: { z: 2 } } });
});

test('pointers are read as RFC 6901 says', () => {
  expect(parsePointer('/a~1b/~0/')).toEqual(['a/b', '~', '']);
  expect(() => parsePointer('a')).toThrow('a JSON Pointer begins with /');
});

const json = fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'constructor'), fc.jsonValue({ maxDepth: 3 }), {
  noNullPrototype: true,
});

test('after a merge everything that was merged is there, and a second time changes nothing', () => {
  fc.assert(
    fc.property(json, json, (tree, value) => {
      const once = merge(tree as Tree, value as Tree);
      expect(changedPaths(once, merge(once, value as Tree))).toEqual([]);
      expect(fillGaps(once, value as Tree)).toEqual(once);
      expect({}).not.toHaveProperty('a');
    }),
  );
});

test('changes are told by the paths of the leaves, to whoever listens to the component', () => {
  const configurations = new Configurations();
  const heard: unknown[] = [];
  configurations.set('c', { a: 1, b: { c: 1, d: 2 } });
  const end = configurations.listen('c', (path) => heard.push(path));
  configurations.set('other', { a: 1 });
  configurations.set('c', { a: 2, b: { c: 1, e: [1] } });
  end();
  configurations.set('c', {});
  expect(heard).toEqual([['a'], ['b', 'd'], ['b', 'e']]);
});
