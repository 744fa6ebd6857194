import { InvalidArgumentError, Option } from 'commander';
import { DEFAULT_STAGE, STAGE_PATTERN } from '../../fleet/names.ts';
import { EXIT, ExitError } from '../exit.ts';
import { isCloudError } from '../truck/cloud.ts';
import { operatorPart, pem } from '../truck/connection.ts';
import type { FleetCloud } from './cloud.ts';

/** Which account, and where; credentials are AWS's own affair. */
export interface FleetOptions {
  readonly endpoint?: string;
  readonly ca?: string;
  readonly region?: string;
  /** Of the fleet's stacks: it is part of their names. */
  readonly stage: string;
  readonly json: boolean;
}

export const fleetOptions = (): readonly Option[] => [
  new Option('--endpoint <url>', "a local endpoint for all of AWS's services, such as a lab's cloud")
    .env('FIREBREAK_FLEET_ENDPOINT')
    .argParser(url),
  new Option('--ca <file>', 'PEM of the authority that signed the endpoint; AWS needs none').env('FIREBREAK_CA'),
  new Option('--region <region>', 'AWS region').env('AWS_REGION'),
  new Option('--stage <name>', "of the fleet's stacks; a lab's account has the stage lab")
    .env('FIREBREAK_STAGE')
    .argParser(stage)
    .default(DEFAULT_STAGE),
];

function stage(text: string): string {
  if (new RegExp(STAGE_PATTERN).test(text)) return text;
  throw new InvalidArgumentError('It is 1 to 16 small letters and digits.');
}

function url(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError('It is a URL, such as https://198.51.100.10:8443.');
}

/** How long the cloud may take for one answer. */
const PATIENCE_MS = 15_000;

/** Does something with the account, and lets go of it. @throws ExitError */
export async function withFleet<T>(options: FleetOptions, action: (cloud: FleetCloud) => Promise<T>): Promise<T> {
  try {
    const { connectAws } = await operatorPart(() => import('./aws-cloud.ts'));
    const { endpoint, region, stage: name } = options;
    const cloud = connectAws(
      {
        ...(endpoint !== undefined && { endpoint }),
        ...(region !== undefined && { region }),
        ...(options.ca !== undefined && { ca: await pem(options.ca) }),
        patienceMs: PATIENCE_MS,
      },
      name,
    );
    try {
      return await action(cloud);
    } finally {
      cloud.close();
    }
  } catch (error) {
    if (isCloudError(error)) throw new ExitError(EXIT.failed, error.message);
    throw error;
  }
}
