import { Stack } from 'aws-cdk-lib';
import { CfnThingGroup, CfnThingType } from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';

import { fleetGroup, RINGS, type Ring, ringGroup, thingType } from '../names.ts';

/** The trucks' type, the group of all of them, and below it one of each ring. A truck is in one ring. */
export class TruckGroups extends Construct {
  readonly thingType: string;
  readonly fleetGroup: string;
  readonly ringGroups: Readonly<Record<Ring, string>>;
  readonly resources: readonly CfnThingGroup[];

  constructor(scope: Construct, id: string, stage: string) {
    super(scope, id);
    this.thingType = thingType(stage);
    new CfnThingType(this, 'Type', {
      thingTypeName: this.thingType,
      thingTypeProperties: { thingTypeDescription: 'A truck with Firebreak', searchableAttributes: ['serial'] },
    });
    this.fleetGroup = fleetGroup(stage);
    const all = new CfnThingGroup(this, 'Fleet', {
      thingGroupName: this.fleetGroup,
      thingGroupProperties: { thingGroupDescription: 'All trucks' },
    });
    const rings = RINGS.map((ring) => {
      const group = new CfnThingGroup(this, ring, {
        thingGroupName: ringGroup(stage, ring),
        parentGroupName: this.fleetGroup,
        thingGroupProperties: { thingGroupDescription: `Trucks of the ring ${ring}` },
      });
      group.addResourceDependency(all);
      return group;
    });
    this.ringGroups = Object.fromEntries(RINGS.map((ring) => [ring, ringGroup(stage, ring)])) as Record<Ring, string>;
    this.resources = [all, ...rings];
  }
}

/** ARN of a thing group, by its name. */
export function groupArn(scope: Construct, name: string): string {
  return Stack.of(scope).formatArn({ service: 'iot', resource: 'thinggroup', resourceName: name });
}
