import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { askControl, type Request, serveControl } from './control.ts';
import { Log } from './log.ts';
import { AwsIot } from './mqtt/aws-iot.ts';
import { Nucleus } from './nucleus.ts';
import { platformOf } from './recipes/platform.ts';

const USAGE = `usage: greengrass run --root DIR --thing NAME --endpoint HOST [--port 8883] --ca FILE --cert FILE --key FILE
                      [--region REGION] [--error-reset SECONDS]
       greengrass deploy FILE --root DIR --recipes DIR --artifacts DIR
       greengrass status --root DIR
       greengrass stop --root DIR`;

const text = { type: 'string' } as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...{ root: text, thing: text, endpoint: text, port: text, ca: text, cert: text, key: text, region: text },
    ...{ 'error-reset': text, recipes: text, artifacts: text },
  },
});

function need(name: keyof typeof values): string {
  const value = values[name];
  if (value === undefined) throw new Error(`--${name} is missing\n${USAGE}`);
  return value;
}

async function run(): Promise<void> {
  const root = resolve(need('root'));
  const thing = need('thing');
  await mkdir(root, { recursive: true });
  const log = new Log(join(root, 'logs'));
  const cloud = new AwsIot({
    ...{ endpoint: need('endpoint'), port: Number(values.port ?? 8883), thing },
    ...{ ca: need('ca'), certificate: need('cert'), key: need('key') },
    log: (line) => log.write('aws.greengrass.Nucleus', line),
  });
  let stop: () => Promise<void> = async () => undefined;
  let nucleus: Nucleus | undefined;
  const control = await serveControl(root, async (request: Request) => {
    if (nucleus === undefined) throw new Error('it is still starting');
    if (request.do === 'status') return nucleus.status();
    if (request.do === 'deploy') return await nucleus.deploy(request.document, request);
    await stop();
    return 'stopped';
  });
  const seconds = values['error-reset'];
  nucleus = await Nucleus.start({
    ...{ root, thing, region: values.region ?? 'eu-central-1', rootCa: resolve(need('ca')), cloud },
    ...{ platform: platformOf(process.arch), log: (component, line) => log.write(component, line) },
    ...(seconds !== undefined && { errorResetMs: Number(seconds) * 1000 }),
  });
  const running = nucleus;
  let stopping: Promise<void> | undefined;
  stop = () => {
    stopping ??= running.stop().then(async () => {
      await cloud.end();
      // Whoever asked for it still gets his answer.
      control.close(() => process.exit());
    });
    return stopping;
  };
  log.write('aws.greengrass.Nucleus', 'ready');
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop());
}

async function ask(request: Request): Promise<void> {
  process.stdout.write(`${JSON.stringify(await askControl(resolve(need('root')), request), null, 2)}\n`);
}

async function main(): Promise<void> {
  const [command, file] = positionals;
  if (command === 'run') await run();
  else if (command === 'status' || command === 'stop') await ask({ do: command });
  else if (command === 'deploy' && file !== undefined) {
    const document: unknown = JSON.parse(file === '-' ? await textOf(process.stdin) : await readFile(file, 'utf8'));
    const stores = { recipes: resolve(need('recipes')), artifacts: resolve(need('artifacts')) };
    const outcome = await askControl(resolve(need('root')), { do: 'deploy', document, ...stores });
    process.stdout.write(`${JSON.stringify(outcome, null, 2)}\n`);
    if ((outcome as { status?: string }).status !== 'SUCCEEDED') process.exitCode = 1;
  } else throw new Error(USAGE);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
