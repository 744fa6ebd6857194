import { kernelCapabilities } from '../../../lib/lab/machine/capabilities.ts';

jest.mock('../../../components/host/run.ts', () => ({ run: jest.fn() }));
const { run } = jest.requireMock<{ readonly run: jest.Mock }>('../../../components/host/run.ts');

test('a kernel that does everything lacks nothing', async () => {
  run.mockResolvedValue('');
  expect(await kernelCapabilities()).toEqual({ missing: [] });
});

test('what fails when it is tried is missing, and is tried in a namespace of its own', async () => {
  run.mockImplementation(async (argv: readonly string[], { input }: { readonly input: string }) => {
    expect(argv.slice(0, 2)).toEqual(['unshare', '--net']);
    if (/type vlan|bridge fb/.test(input)) throw new Error('Operation not supported');
    return '';
  });
  expect(await kernelCapabilities()).toEqual({ missing: ['802.1Q', 'nftables for bridges'] });
});
