import { writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { containerNamespace } from '../../../components/host/container-namespace.ts';
import { Docker, DockerError, isAtLeast, negotiate } from '../../../components/host/docker.ts';
import { hasCode } from '../../../components/host/errno.ts';
import { type Call, type ENGINES, FakeEngine, json } from './fake-engine.ts';

const engines: FakeEngine[] = [];

async function engineOf(
  release: keyof typeof ENGINES,
  routes: Readonly<Record<string, (answer: ServerResponse, call: Call) => void>> = {},
): Promise<{ engine: FakeEngine; docker: Docker }> {
  const engine = await FakeEngine.make(release, routes);
  engines.push(engine);
  await engine.start();
  return { engine, docker: new Docker(engine.host) };
}

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.remove();
});

/** What it was rejected with: a DockerError. */
async function faultOf(promise: Promise<unknown>): Promise<DockerError> {
  const fault = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(fault).toBeInstanceOf(DockerError);
  return fault as DockerError;
}

describe('the API version', () => {
  test.each([
    ['20.10', '1.41'],
    ['24', '1.43'],
    ['29', '1.44'],
  ] as const)('that is spoken to engine %s is %s', async (release, version) => {
    const { engine, docker } = await engineOf(release, { 'GET /networks': json(200, [{ Name: 'bridge' }]) });
    expect(await docker.get('/networks')).toEqual([{ Name: 'bridge' }]);
    expect(await docker.apiVersion()).toBe(version);
    expect(engine.calls.map((call) => call.version)).toEqual([undefined, version]);
  });

  test('is asked for once, however many calls there are at the same time', async () => {
    const { engine, docker } = await engineOf('24', { 'GET /networks': json(200, []) });
    await Promise.all([1, 2, 3].map(() => docker.get('/networks')));
    await docker.get('/networks');
    expect(engine.calls.filter(({ path }) => path === '/version')).toHaveLength(1);
  });

  test('is asked for again after the engine didn’t answer', async () => {
    const { engine, docker } = await engineOf('24', { 'GET /networks': json(200, []) });
    await engine.stop();
    await faultOf(docker.get('/networks'));
    await engine.start();
    expect(await docker.get('/networks')).toEqual([]);
  });

  test('is the newest that both know; of an engine that is too new the oldest that it knows', () => {
    expect(negotiate('1.41', '1.12')).toBe('1.41');
    expect(negotiate('1.44', '1.24')).toBe('1.44');
    expect(negotiate('1.52', '1.44')).toBe('1.44');
    expect(negotiate('1.60', '1.50')).toBe('1.50');
  });

  test('is compared by number and not by letter', () => {
    expect(isAtLeast('1.44', '1.9')).toBe(true);
    expect(isAtLeast('1.9', '1.44')).toBe(false);
    expect(isAtLeast('1.44', '1.44')).toBe(true);
  });
});

describe('a call', () => {
  test('carries its body as JSON and its query encoded', async () => {
    const { engine, docker } = await engineOf('24', { 'POST /containers/create': json(201, { Id: 'c1' }) });
    const answer = await docker.post(
      '/containers/create',
      { Image: 'busybox', Cmd: ['ä'] },
      { query: { name: 'a b&c' } },
    );
    expect(JSON.parse(answer)).toEqual({ Id: 'c1' });
    expect(engine.calls.at(-1)).toMatchObject({
      path: '/containers/create?name=a+b%26c',
      type: 'application/json',
      body: '{"Image":"busybox","Cmd":["ä"]}',
    });
  });

  test('without a body has none, and an empty answer is an empty text', async () => {
    const noContent = (answer: ServerResponse) => void answer.writeHead(204).end();
    const { engine, docker } = await engineOf('24', {
      'POST /containers/c1/start': noContent,
      'DELETE /networks/n1': noContent,
    });
    expect(await docker.post('/containers/c1/start')).toBe('');
    await docker.delete('/networks/n1');
    expect(engine.calls.slice(-2).map(({ type, body }) => [type, body])).toEqual([
      [undefined, ''],
      [undefined, ''],
    ]);
  });

  test('that changes nothing (304: already started) has succeeded', async () => {
    const { docker } = await engineOf('24', {
      'POST /containers/c1/start': (answer) => void answer.writeHead(304).end(),
    });
    expect(await docker.post('/containers/c1/start')).toBe('');
  });

  test('has the whole answer, though it comes in pieces that cut a letter in two', async () => {
    const bytes = Buffer.from(JSON.stringify({ name: 'Zürich' }));
    const cut = bytes.indexOf(0xc3) + 1;
    const { docker } = await engineOf('24', {
      'GET /info': (answer) => {
        answer.writeHead(200).write(bytes.subarray(0, cut), () => setImmediate(() => answer.end(bytes.subarray(cut))));
      },
    });
    expect(await docker.get('/info')).toEqual({ name: 'Zürich' });
  });
});

describe('an error of the engine', () => {
  test.each([
    [404, 'No such container: c1'],
    [409, 'Conflict. The container name "/c1" is already in use'],
    [500, 'driver failed programming external connectivity'],
  ])('with status %d keeps status and message', async (status, message) => {
    const { docker } = await engineOf('24', { 'GET /containers/c1/json': json(status, { message }) });
    const fault = await faultOf(docker.get('/containers/c1/json'));
    expect(fault.status).toBe(status);
    expect(fault.message).toBe(`Docker: GET /v1.43/containers/c1/json: ${status} ${message}`);
  });

  test('that is no JSON is told as it is', async () => {
    const { docker } = await engineOf('24', {
      'GET /info': (answer) => void answer.writeHead(502).end('Bad Gateway\n'),
    });
    expect((await faultOf(docker.get('/info'))).message).toBe('Docker: GET /v1.43/info: 502 Bad Gateway');
  });

  test('in the answer to a load, which begins with 200, is an error', async () => {
    const progress = [{ stream: 'Loading layer' }, { errorDetail: { message: 'no space' }, error: 'no space left' }];
    const { engine, docker } = await engineOf('24', {
      'POST /images/load': (answer) =>
        void answer.writeHead(200).end(progress.map((line) => `${JSON.stringify(line)}\r\n`).join('')),
    });
    const archive = join(engine.socket, '../image.tar');
    await writeFile(archive, 'an image');
    expect((await faultOf(docker.load(archive))).message).toMatch(/images\/load.*no space left/);
    expect(engine.calls.at(-1)).toMatchObject({ type: 'application/x-tar', body: 'an image' });
  });

  test('in the answer to a pull, too; what is pulled without a tag is the latest', async () => {
    const { engine, docker } = await engineOf('24', {
      'POST /images/create': json(200, { error: 'manifest unknown' }),
    });
    expect((await faultOf(docker.pull('localhost:5000/busybox'))).message).toMatch(/manifest unknown/);
    expect(engine.calls.at(-1)?.path).toBe('/images/create?fromImage=localhost%3A5000%2Fbusybox&tag=latest');
  });
});

describe('an engine', () => {
  test('that doesn’t run is named by its socket, and what to do about it', async () => {
    const docker = new Docker('unix:///nowhere/docker.sock');
    const fault = await faultOf(docker.get('/info'));
    expect(fault.status).toBe(0);
    expect(fault.message).toBe(
      'Docker: GET /version: no Docker Engine answers at /nowhere/docker.sock (ENOENT); start it, or set DOCKER_HOST',
    );
  });

  test('that has ended and left its socket refuses', async () => {
    const { engine } = await engineOf('24');
    await engine.stop();
    // A file where a socket should be refuses like a socket at which nobody listens.
    await writeFile(engine.socket, '');
    expect((await faultOf(new Docker(engine.host).get('/info'))).message).toMatch(/ECONNREFUSED.*start it/);
  });

  test('that doesn’t answer is not waited for longer than allowed', async () => {
    const { docker } = await engineOf('24', { 'POST /containers/c1/stop': () => undefined });
    const fault = await faultOf(docker.post('/containers/c1/stop', undefined, { timeoutMs: 50 }));
    expect([fault.status, fault.message]).toEqual([
      0,
      'Docker: POST /v1.43/containers/c1/stop: no answer within 50 ms',
    ]);
  });

  test('that stops in the middle of its answer is not waited for longer, either', async () => {
    const { docker } = await engineOf('24', { 'POST /x': (answer) => void answer.writeHead(200).write('[1,') });
    const fault = await faultOf(docker.post('/x', undefined, { timeoutMs: 100 }));
    expect(fault.message).toBe('Docker: POST /v1.43/x: no answer within 100 ms');
  });

  test('that dies in the middle of its answer has not answered', async () => {
    const { docker } = await engineOf('24', {
      'GET /x': (answer) => void answer.writeHead(200).write('[1,', () => answer.socket?.destroy()),
    });
    expect((await faultOf(docker.get('/x'))).status).toBe(0);
  });

  test('that was started again between two calls is spoken to like before', async () => {
    const { engine, docker } = await engineOf('24', { 'GET /networks': json(200, []) });
    await docker.get('/networks');
    await engine.stop();
    await engine.start();
    expect(await docker.get('/networks')).toEqual([]);
  });

  test('that is none, because it doesn’t speak JSON, is told', async () => {
    const { docker } = await engineOf('24', { 'GET /info': (answer) => void answer.writeHead(200).end('<html>') });
    expect((await faultOf(docker.get('/info'))).message).toMatch(/GET \/info: 200 the answer is no JSON: <html>/);
  });

  test('over anything but a unix socket is refused at once', () => {
    expect(() => new Docker('tcp://127.0.0.1:2375')).toThrow(/only unix:\/\//);
  });
});

test('an archive that isn’t there is the error, not the engine, and no connection stays open', async () => {
  const { engine, docker } = await engineOf('24', { 'POST /images/load': json(200, {}) });
  const fault: unknown = await docker.load('/nowhere/image.tar').catch((error: unknown) => error);
  expect(hasCode(fault, 'ENOENT')).toBe(true);
  await engine.stop();
});

describe('the namespace of a container', () => {
  const state = (Running: boolean, Pid: number) => ({
    'GET /containers/c1/json': json(200, { State: { Running, Pid } }),
  });

  test('is that of its process', async () => {
    const { docker } = await engineOf('24', state(true, 4711));
    expect(await containerNamespace(docker, 'c1')).toBe('/proc/4711/ns/net');
  });

  test('is none while it doesn’t run, or when there is no such container', async () => {
    const { docker } = await engineOf('24', state(false, 0));
    expect(await containerNamespace(docker, 'c1')).toBeNull();
    expect(await containerNamespace(docker, 'c2')).toBeNull();
  });
});
