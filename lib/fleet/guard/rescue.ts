import { Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { groupArn } from '../identity/truck-groups.ts';
import { prefixOf, RINGS, ringGroup } from '../names.ts';
import { explainStars } from './explain.ts';

/**
 * What somebody may do who comes to a truck's rescue: open a secure tunnel to its SSH, look at it and close it. Nobody has it until it is attached to
 * somebody's role.
 */
export class Rescue extends Construct {
  constructor(scope: Construct, id: string, stage: string) {
    super(scope, id);
    const tunnels = Stack.of(this).formatArn({ service: 'iot', resource: 'tunnel', resourceName: '*' });
    const policy = new ManagedPolicy(this, 'Policy', {
      managedPolicyName: `${prefixOf(stage)}-rescue`,
      description: 'Opens secure tunnels to SSH of trucks, and closes them',
      statements: [
        new PolicyStatement({
          sid: 'OpenToTrucks',
          actions: ['iot:OpenTunnel'],
          resources: [tunnels],
          conditions: {
            'ForAnyValue:StringEquals': {
              'iot:ThingGroupArn': RINGS.map((ring) => groupArn(this, ringGroup(stage, ring))),
            },
            'ForAllValues:StringEquals': { 'iot:TunnelDestinationService': ['SSH'] },
            // "All values" are SSH also where there is none.
            Null: { 'iot:TunnelDestinationService': 'false' },
          },
        }),
        // Not RotateTunnelAccessToken: it would give access to tunnels that others have opened, to whatever.
        new PolicyStatement({
          sid: 'LookAndClose',
          actions: ['iot:CloseTunnel', 'iot:DescribeTunnel'],
          resources: [tunnels],
        }),
      ],
    });
    explainStars(policy, 'A tunnel’s name is made up when it is opened; the condition says to what', {
      resources: [tunnels],
    });
  }
}
