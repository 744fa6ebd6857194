import { Stack } from 'aws-cdk-lib';
import { CfnThingGroup, CfnThingType } from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';

import { depotGroup, depotsGroup, fleetGroup, RINGS, ringGroup, thingType } from '../names.ts';

export interface TruckGroupsProps {
  readonly stage: string;
  readonly depots: readonly string[];
}

/** The trucks' type, the group of all of them, and below it one of each ring; beside it one of each depot. A truck is in one ring and one depot, or in none. */
export class TruckGroups extends Construct {
  readonly thingType: string;
  /** Those that a truck may be put into. */
  readonly joined: readonly string[];
  readonly resources: readonly CfnThingGroup[];

  constructor(scope: Construct, id: string, { stage, depots }: TruckGroupsProps) {
    super(scope, id);
    this.thingType = thingType(stage);
    new CfnThingType(this, 'Type', {
      thingTypeName: this.thingType,
      thingTypeProperties: { thingTypeDescription: 'A truck with Firebreak', searchableAttributes: ['serial'] },
    });
    const fleet = this.#group('Fleet', fleetGroup(stage), 'All trucks');
    const rings = RINGS.map((ring) => this.#group(ring, ringGroup(stage, ring), `Trucks of the ring ${ring}`, fleet));
    const places = this.#group('Depots', depotsGroup(stage), 'Trucks of all depots, and those of none');
    const homes = depots.map((depot) =>
      this.#group(`depot-${depot}`, depotGroup(stage, depot), `Trucks of the depot ${depot}`, places),
    );
    this.resources = [fleet, ...rings, places, ...homes];
    this.joined = [...rings, places, ...homes].map(({ thingGroupName }) => thingGroupName as string);
  }

  #group(id: string, thingGroupName: string, thingGroupDescription: string, parent?: CfnThingGroup): CfnThingGroup {
    const group = new CfnThingGroup(this, id, {
      thingGroupName,
      ...(parent?.thingGroupName !== undefined && { parentGroupName: parent.thingGroupName }),
      thingGroupProperties: { thingGroupDescription },
    });
    if (parent !== undefined) group.addResourceDependency(parent);
    return group;
  }
}

/** ARN of a thing group, by its name. */
export function groupArn(scope: Construct, name: string): string {
  return Stack.of(scope).formatArn({ service: 'iot', resource: 'thinggroup', resourceName: name });
}
