import { getShadow, updateDesired } from '../truck/rest-shadows.ts';
import { fleetArchive } from './aws/archive.ts';
import { type AwsAddress, awsClients } from './aws/clients.ts';
import { fleetIndex, trucksIn } from './aws/index-search.ts';
import { fleetRollouts } from './aws/rollouts.ts';
import { fleetTrucks } from './aws/trucks.ts';
import type { FleetCloud } from './cloud.ts';

/** A fleet in an AWS account. @param stage whose names are taken */
export function connectAws(address: AwsAddress, stage: string): FleetCloud {
  const { iot, data, dynamo, s3, greengrass } = awsClients(address);
  return {
    index: fleetIndex(iot),
    shadows: {
      trucksIn: (group) => trucksIn(iot, group),
      read: (thing, shadow) => getShadow(data, thing, shadow),
      updateDesired: (thingName, shadowName, update, version) =>
        updateDesired(data, { thingName, shadowName, version }, update),
    },
    rollouts: fleetRollouts(iot, greengrass),
    trucks: fleetTrucks(iot, dynamo, stage),
    archive: fleetArchive(s3),
    close: () => {
      for (const client of [iot, data, dynamo, s3, greengrass]) client.destroy();
    },
  };
}
