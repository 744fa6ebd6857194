import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Account } from './account/account.ts';
import { AccountFile } from './account/account-file.ts';
import { furnish, takeIn } from './account/furnish.ts';
import { DeviceJobs } from './account/jobs/device-jobs.ts';
import { archiveEvidence } from './account/s3/archive.ts';
import { answerBuckets } from './account/s3/buckets.ts';
import { AccountService } from './account/service.ts';
import { brokerCommand } from './broker.ts';
import { CloudConfiguration, cloudPaths } from './configuration.ts';
import { MqttDoor } from './mqtt-door.ts';
import { newCertificate } from './new-certificate.ts';
import { presenceIn } from './presence.ts';
import { openRestDoor } from './rest-door.ts';
import { ShadowService } from './shadow-service.ts';
import { ShadowStore } from './store.ts';

/** A rollout's pace is so many trucks a minute. */
const ADVANCE_EVERY_MS = 1000;
/** Of each connection, before it is known whose it is. */
const NOTICES = /: New connection from |: Opening |: Config loaded |: mosquitto version /;

/**
 * The lab's cloud, a program of its own: `node cloud.cjs CONFIGURATION`. It starts the broker, and each dies with the other. It says `ready`
 * on standard output when it can be used, and ends in good order on SIGTERM.
 */
async function main(file: string): Promise<void> {
  const configuration = CloudConfiguration.parse(JSON.parse(readFileSync(file, 'utf8')));
  const { directory, limits } = configuration;
  const paths = cloudPaths(directory);
  writeFileSync(paths.pidFile, `${process.pid}\n`);
  await mkdir(paths.broker, { recursive: true });

  const [program, ...args] = brokerCommand(directory);
  const broker = spawn(program, args, { stdio: ['ignore', 'inherit', 'pipe'] });
  const brokerEnded = Promise.race([once(broker, 'exit'), once(broker, 'error').then(([error]) => [String(error)])]);

  const kept = await AccountFile.open(paths.account);
  furnish(kept.account, Date.now());
  hearBroker(broker.stderr, kept.account);
  const door = await Promise.race([MqttDoor.connect(configuration), brokerEnded]);
  if (!(door instanceof MqttDoor)) throw new Error(`the broker did not start: ${door[0] ?? 'killed'}`);
  const store = await ShadowStore.open(paths.shadows);
  const service = new ShadowService({
    ...{ store, limits, now: () => Date.now() / 1000 },
    publish: (topic, payload) => door.publish(topic, payload),
  });
  const jobs = new DeviceJobs({
    ...{ account: kept.account, now: Date.now, changed: kept.save },
    publish: (topic, payload) => door.publish(topic, payload),
  });
  await door.open(service, jobs, (payload) => archiveEvidence(kept.account, payload, new Date()));
  const advancing = setInterval(
    () => jobs.advance().catch((error: unknown) => console.error('jobs:', error)),
    ADVANCE_EVERY_MS,
  );
  const account = new AccountService(
    {
      account: kept.account,
      shadowsOf: (thing) => store.shadowsOf(thing),
      now: Date.now,
      host: `${configuration.host}:${configuration.ports.https}`,
      newCertificate: () => newCertificate(directory),
    },
    limits.operationsPerSecond,
    kept.save,
  );
  const rest = await openRestDoor(configuration, {
    ...{ service, store, publish: door.publish.bind(door) },
    buckets: (method, target) => answerBuckets(method, target, kept.account),
    account: {
      answer: (request) => {
        takeIn(kept.account, store.things());
        return account.answer(request);
      },
    },
  });
  // Until now nothing had to be ended in good order: a signal ends this process, and with it the broker.
  const terminated = new Promise<null>((resolve) => process.once('SIGTERM', () => resolve(null)));
  console.log('ready');

  const why = await Promise.race([terminated, brokerEnded]);
  clearInterval(advancing);
  rest.close();
  rest.closeAllConnections();
  await door.close();
  if (why !== null) throw new Error(`the broker ended: ${why.filter((word) => word !== null).join(' ')}`);
  broker.kill('SIGTERM');
  await brokerEnded;
}

/** Who comes and goes is noted, everything else is said on. */
function hearBroker(log: Readable, { connectivity }: Account): void {
  createInterface({ input: log }).on('line', (line) => {
    const presence = presenceIn(line);
    if (presence === null) return NOTICES.test(line) ? undefined : console.error(line);
    connectivity.set(presence.clientId, { connected: presence.connected, timestamp: Date.now() });
  });
}

main(process.argv[2] ?? '').then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
