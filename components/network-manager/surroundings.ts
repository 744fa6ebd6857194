import { type Surroundings, surroundings } from '../host/surroundings.ts';
import { stateDirectory, type Truck } from './truck.ts';

export interface TruckSurroundings extends Surroundings {
  readonly truck: Truck;
}

/** @throws Error when the router's image is not named */
export function truckSurroundings(environment: NodeJS.ProcessEnv): TruckSurroundings {
  const own = surroundings(environment);
  const routerArchive = environment.FIREBREAK_ROUTER_IMAGE;
  if (routerArchive === undefined)
    throw new Error("FIREBREAK_ROUTER_IMAGE must name the archive of the router's image");
  return { ...own, truck: { docker: own.docker, state: stateDirectory(own.stateRoot), routerArchive } };
}
