import fc from 'fast-check';
import { digest } from '../../../lib/artifacts/digest.ts';
import { versionOf } from '../../../lib/artifacts/version.ts';

test('a version is three numbers of at most six digits, as Greengrass wants it', () => {
  fc.assert(
    fc.property(fc.string(), (content) => {
      const version = versionOf(digest(content, 'hex'));
      expect(version).toMatch(/^1\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})$/);
    }),
  );
});

test('equal content has an equal version, other content another one', () => {
  const versions = Array.from({ length: 10_000 }, (_, number) => versionOf(digest(String(number), 'hex')));
  expect(versionOf(digest('7', 'hex'))).toBe(versions[7]);
  expect(new Set(versions).size).toBe(10_000);
});
