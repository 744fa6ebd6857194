import { getShadow, updateDesired } from '../truck/rest-shadows.ts';
import { type AwsAddress, awsClients } from './aws/clients.ts';
import { fleetIndex, trucksIn } from './aws/index-search.ts';
import { fleetRollouts } from './aws/rollouts.ts';
import type { FleetCloud } from './cloud.ts';

/** A fleet in an AWS account. */
export function connectAws(address: AwsAddress): FleetCloud {
  const { iot, data, greengrass } = awsClients(address);
  return {
    index: fleetIndex(iot),
    shadows: {
      trucksIn: (group) => trucksIn(iot, group),
      read: (thing, shadow) => getShadow(data, thing, shadow),
      updateDesired: (thingName, shadowName, update, version) =>
        updateDesired(data, { thingName, shadowName, version }, update),
    },
    rollouts: fleetRollouts(iot, greengrass),
    close: () => {
      for (const client of [iot, data, greengrass]) client.destroy();
    },
  };
}
