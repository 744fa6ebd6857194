import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { InvalidArgumentError, Option } from 'commander';
import { isLabName, LAB_NAME_RULE } from '../../lab/name.ts';
import { EXIT, ExitError } from '../exit.ts';
import { type Cloud, isCloudError } from './cloud.ts';

/** Which truck, and how the cloud is reached; the environment serves as default. */
export interface ConnectionOptions {
  readonly thing: string;
  readonly lab?: string;
  readonly endpoint?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly clientId?: string;
  readonly region?: string;
}

export const connectionOptions = (): readonly Option[] => [
  new Option('--thing <name>', "the truck's thing name")
    .env('FIREBREAK_THING')
    .argParser(thingName)
    .makeOptionMandatory(),
  new Option('--lab <name>', 'the cloud of this lab, as its operator; needs no more').argParser(labName),
  new Option('--endpoint <host:port>', "the account's IoT data endpoint, or a lab's").env('FIREBREAK_ENDPOINT'),
  new Option('--ca <file>', 'PEM of the authority that signed the server; AWS needs none').env('FIREBREAK_CA'),
  new Option('--cert <file>', 'PEM of a certificate: MQTT with mutual TLS; without one, REST with AWS credentials').env(
    'FIREBREAK_CERT',
  ),
  new Option('--key <file>', "PEM of the certificate's key").env('FIREBREAK_KEY'),
  new Option('--client-id <id>', 'MQTT client ID, if the certificate allows only some').env('FIREBREAK_CLIENT_ID'),
  new Option('--region <region>', 'AWS region, for REST').env('AWS_REGION'),
];

/** AWS IoT's rule for thing names, which become parts of topics. */
export function thingName(name: string): string {
  if (/^[a-zA-Z0-9:_-]{1,128}$/.test(name)) return name;
  throw new InvalidArgumentError('It has 1 to 128 letters, digits, colons, underscores and hyphens.');
}

function labName(name: string): string {
  if (isLabName(name)) return name;
  throw new InvalidArgumentError(LAB_NAME_RULE);
}

/** How long the cloud may take for one answer. */
const PATIENCE_MS = 10_000;

/** Does something with the cloud, and lets go of it. @throws ExitError */
export async function withCloud<T>(options: ConnectionOptions, action: (cloud: Cloud) => Promise<T>): Promise<T> {
  try {
    const cloud = await connect(options);
    try {
      return await action(cloud);
    } finally {
      await cloud.close();
    }
  } catch (error) {
    if (isCloudError(error)) throw new ExitError(EXIT.failed, error.message);
    throw error;
  }
}

async function connect(options: ConnectionOptions): Promise<Cloud> {
  const { thing, lab, cert, key } = options;
  if (lab !== undefined) return connectLab(lab, options);
  const ca = options.ca === undefined ? {} : { ca: await pem(options.ca) };
  if (cert !== undefined || key !== undefined) return connectWithCertificate(options, ca);
  const { endpoint, region } = options;
  const { connectRest } = await operatorPart(() => import('./rest-cloud.ts'));
  const at = endpoint === undefined ? {} : { endpoint: endpoint.includes('://') ? endpoint : `https://${endpoint}` };
  return connectRest({ ...at, ...ca, ...(region !== undefined && { region }), patienceMs: PATIENCE_MS }, thing);
}

async function connectWithCertificate(
  { thing, endpoint, cert, key, ...options }: ConnectionOptions,
  ca: { readonly ca?: Buffer },
): Promise<Cloud> {
  if (cert === undefined || key === undefined || endpoint === undefined)
    throw new ExitError(EXIT.badInput, 'MQTT needs all of --endpoint, --cert and --key');
  const { connectMqtt } = await operatorPart(() => import('./mqtt-cloud.ts'));
  const clientId = options.clientId ?? newClientId();
  const identity = { cert: await pem(cert), key: await pem(key), clientId };
  return connectMqtt({ ...hostAndPort(endpoint), ...ca, ...identity, patienceMs: PATIENCE_MS }, thing);
}

async function connectLab(lab: string, { thing, clientId = newClientId() }: ConnectionOptions): Promise<Cloud> {
  const { labDoor } = await import('./lab-door.ts');
  const { connectMqtt } = await operatorPart(() => import('./mqtt-cloud.ts'));
  return connectMqtt({ ...(await labDoor(lab)), clientId, patienceMs: PATIENCE_MS }, thing);
}

const newClientId = () => `firebreak-${process.pid}-${Math.random().toString(36).slice(2, 10)}`;

/** `HOST[:PORT]`, also as a URL; 8883 is MQTT's port with TLS. @throws ExitError */
export function hostAndPort(endpoint: string): { readonly host: string; readonly port: number } {
  const text = endpoint.replace(/^[a-z]+:\/\//, '');
  const whole = `mqtts://${isIPv6(text) ? `[${text}]` : text}`;
  if (!URL.canParse(whole)) throw new ExitError(EXIT.badInput, `${endpoint} is no HOST:PORT`);
  const { hostname, port } = new URL(whole);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 8883 : Number(port) };
}

export async function pem(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new ExitError(
      EXIT.badInput,
      `${file} can't be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** The clients of the cloud are no part of what a truck gets: they lie beside it, where operators work. @throws ExitError */
export async function operatorPart<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new ExitError(EXIT.failed, 'this installation is a truck’s: ask from a computer that has all of Firebreak');
  }
}
