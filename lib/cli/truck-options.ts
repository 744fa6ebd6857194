import { InvalidArgumentError, Option } from 'commander';
import { Docker } from '../../components/host/docker.ts';
import { stateDirectory, type Truck } from '../../components/network-manager/truck.ts';
import { EXIT, ExitError } from './exit.ts';

/** What every command that works on a truck is told; the environment serves as default. */
export interface TruckOptions {
  readonly docker: string;
  readonly state: string;
  readonly routerImage?: string;
}

export const truckOptions = (): readonly Option[] => [
  new Option('--docker <host>', 'the Docker Engine').env('DOCKER_HOST').default('unix:///var/run/docker.sock'),
  new Option('--state <directory>', 'what must survive a power cut')
    .env('FIREBREAK_STATE')
    .default('/var/lib/firebreak'),
  new Option('--router-image <archive>', "the router's image, as docker load takes it").env('FIREBREAK_ROUTER_IMAGE'),
];

/** What every command that changes a truck is told besides. */
export interface WaitOption {
  /** Seconds. */
  readonly wait: number;
}

export const waitOption = (): Option =>
  new Option('--wait <seconds>', 'how long to wait for another apply, down or repair on this truck')
    .argParser(seconds)
    .default(60);

export function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0) || value > MOST_SECONDS) {
    throw new InvalidArgumentError(`It is a number of seconds, 0 to ${MOST_SECONDS}.`);
  }
  return value;
}

/** A day: more than a timer's milliseconds hold is nobody's intention. */
const MOST_SECONDS = 86_400;

export const jsonOption = (): Option => new Option('--json', 'print the result as JSON').default(false);

/** @throws ExitError unless run as root: links and rulesets need CAP_NET_ADMIN, namespaces CAP_SYS_ADMIN. */
export function openTruck(options: TruckOptions): Truck {
  if (process.getuid?.() !== 0)
    throw new ExitError(EXIT.badInput, 'this works on links, rulesets and namespaces: run it as root, or with sudo');
  return {
    docker: new Docker(options.docker),
    state: stateDirectory(options.state),
    routerArchive: options.routerImage ?? '',
  };
}
