import { CommandError, run } from '../../../components/host/run.ts';

async function faultOf(promise: Promise<unknown>): Promise<CommandError> {
  const fault = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(fault).toBeInstanceOf(CommandError);
  return fault as CommandError;
}

test('a program gets its arguments as they are, without a shell, and its output is given back whole', async () => {
  expect(await run(['printf', '%s\n', 'a  b', '$HOME', '*'])).toBe('a  b\n$HOME\n*\n');
});

test('what is given as input is read by it; without, there is nothing to read', async () => {
  expect(await run(['cat'], { input: 'ä\n\n' })).toBe('ä\n\n');
  expect(await run(['cat'])).toBe('');
});

test('what is written in many small pieces is given back whole, too', async () => {
  const numbers = (
    await run(['sh', '-c', 'i=0; while [ $i -lt 5000 ]; do echo $i; i=$((i+1)); done'], { manyWrites: true })
  )
    .trim()
    .split('\n');
  expect(numbers).toEqual([...Array(5000).keys()].map(String));
  const fault = await faultOf(run(['sh', '-c', 'echo out; echo wrong >&2; exit 3'], { manyWrites: true }));
  expect(fault).toMatchObject({ exitCode: 3, stderr: 'wrong' });
});

test('a program that doesn’t read its input may do so', async () => {
  expect(await run(['true'], { input: 'x'.repeat(1_000_000) })).toBe('');
});

test('its messages are in English', async () => {
  expect(await run(['sh', '-c', 'echo $LC_ALL'])).toBe('C\n');
});

test('a program that fails: the error has argv, exit code and standard error, and its message all three', async () => {
  const argv = ['sh', '-c', 'echo out; echo "what is wrong" >&2; exit 7'];
  const fault = await faultOf(run(argv));
  expect(fault).toMatchObject({ argv, exitCode: 7, stderr: 'what is wrong' });
  expect(fault.message).toBe(`${argv.join(' ')}: exit code 7: what is wrong`);
  expect(fault.durationMs).toBeGreaterThan(0);
});

test('a program that isn’t there is named', async () => {
  const fault = await faultOf(run(['/nowhere/nft', '-f', '-']));
  expect(fault.exitCode).toBeUndefined();
  expect(fault.message).toMatch(/^\/nowhere\/nft -f -: .*ENOENT/);
});

test('a program that takes too long is killed, and so it is told', async () => {
  const fault = await faultOf(run(['sleep', '60'], { timeoutMs: 50 }));
  expect(fault.exitCode).toBeUndefined();
  expect(fault.message).toMatch(/^sleep 60: did not end within \d+ ms$/);
});

test('a program that was killed by somebody else has no exit code', async () => {
  const fault = await faultOf(run(['sh', '-c', 'kill -KILL $$']));
  expect(fault.exitCode).toBeUndefined();
  expect(fault.message).toMatch(/SIGKILL/);
});

test('in a namespace that is gone it doesn’t run', async () => {
  const fault = await faultOf(run(['true'], { netns: '/run/netns/fbt-nobody' }));
  expect(fault.argv).toEqual(['nsenter', '--net=/run/netns/fbt-nobody', 'true']);
  expect(fault.stderr).toMatch(/fbt-nobody: No such file/);
});

test('nothing to run is a mistake of the caller', async () => {
  await expect(run([])).rejects.toThrow(TypeError);
});
