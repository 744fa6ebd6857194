import { interruptible, unlessInterrupted } from '../../../lib/cli/interrupt.ts';

const listeners = () => process.listenerCount('SIGINT') + process.listenerCount('SIGTERM');
const forever = new Promise<never>(() => undefined);

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends what is waited for, after its clean-up', async (name) => {
  const before = listeners();
  const cleanedUp = jest.fn();
  const done = interruptible('it was taken down', async (interrupted) => {
    setImmediate(() => process.emit(name));
    await unlessInterrupted(interrupted, forever).finally(cleanedUp);
  });
  await expect(done).rejects.toThrow('it was taken down');
  expect(cleanedUp).toHaveBeenCalled();
  expect(listeners()).toBe(before);
});

test('the second interruption ends the process as usual', async () => {
  const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
  const before = listeners();
  await interruptible('', async () => {
    process.emit('SIGINT');
    expect(kill).not.toHaveBeenCalled();
    expect(listeners()).toBe(before + 2);
    process.emit('SIGINT', 'SIGINT');
    expect(kill).toHaveBeenCalledWith(process.pid, 'SIGINT');
    expect(listeners()).toBe(before);
  });
  kill.mockRestore();
});

test('without an interruption its result is given, and nobody listens any longer', async () => {
  const before = listeners();
  expect(await interruptible('', (interrupted) => unlessInterrupted(interrupted, Promise.resolve(7)))).toBe(7);
  expect(listeners()).toBe(before);
});

test('what begins after an interruption does not begin', async () => {
  await expect(unlessInterrupted(AbortSignal.abort(new Error('too late')), forever)).rejects.toThrow('too late');
});
