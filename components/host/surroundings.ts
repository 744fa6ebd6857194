import { Docker } from './docker.ts';

/** What a component is told by its environment: the recipe's Setenv, and what the Greengrass nucleus sets itself. */
export interface Surroundings {
  readonly docker: Docker;
  /** What must survive a power cut. */
  readonly stateRoot: string;
  /** The truck's name as a thing of AWS IoT; null: nobody but the local policy commands this truck. */
  readonly thing: string | null;
  /** Version of the component. */
  readonly version: string;
  /** The file with the namespaces of devices that measure for themselves (`firebreak matrix --agents`). */
  readonly agentsFile: string | null;
}

/** @throws DockerError for a DOCKER_HOST that is no unix socket */
export function surroundings(environment: NodeJS.ProcessEnv): Surroundings {
  const { DOCKER_HOST, FIREBREAK_STATE, AWS_IOT_THING_NAME, FIREBREAK_VERSION, FIREBREAK_AGENTS } = environment;
  return {
    docker: new Docker(DOCKER_HOST),
    stateRoot: FIREBREAK_STATE ?? '/var/lib/firebreak',
    thing: AWS_IOT_THING_NAME ?? null,
    version: FIREBREAK_VERSION ?? 'unknown',
    agentsFile: FIREBREAK_AGENTS ?? null,
  };
}
