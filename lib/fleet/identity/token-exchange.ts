import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnRoleAlias } from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import { artifactBucketName } from '../edge-suite/artifact-bucket.ts';
import { explainStars } from '../guard/explain.ts';
import { ARTIFACT_PREFIX, roleAlias } from '../names.ts';

/** Log groups of the log manager begin with it. */
export const TRUCK_LOGS = '/aws/greengrass';

/**
 * The role that a truck gets AWS credentials of, for an hour each, by its certificate: it reads components' artifacts, and writes its own log
 * streams. Log groups it can't make: those that there are have an end (`lib/fleet/insight/truck-logs.ts`).
 */
export class TokenExchange extends Construct {
  readonly alias: CfnRoleAlias;
  readonly role: Role;

  constructor(scope: Construct, id: string, stage: string) {
    super(scope, id);
    const { partition, region, account } = Stack.of(this);
    const bucket = `arn:${partition}:s3:::${artifactBucketName(this, stage)}`;
    const artifacts = `${bucket}/${ARTIFACT_PREFIX}/*`;
    const groups = `arn:${partition}:logs:${region}:${account}:log-group:${TRUCK_LOGS}/*`;
    const ownStreams = `${groups}:log-stream:/*/thing/\${credentials-iot:ThingName}`;
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('credentials.iot.amazonaws.com'),
      description: 'What trucks may do with AWS credentials',
    });
    this.role.addToPolicy(
      new PolicyStatement({
        sid: 'ReadArtifacts',
        actions: ['s3:GetObject'],
        resources: [artifacts],
      }),
    );
    this.role.addToPolicy(
      new PolicyStatement({ sid: 'FindBucket', actions: ['s3:GetBucketLocation'], resources: [bucket] }),
    );
    this.role.addToPolicy(
      new PolicyStatement({
        sid: 'WriteOwnLogs',
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        // The variable has the name of the thing whose certificate was shown (credentials provider, "policy variables").
        resources: [ownStreams],
      }),
    );
    this.role.addToPolicy(
      new PolicyStatement({ sid: 'FindOwnLogs', actions: ['logs:DescribeLogStreams'], resources: [groups] }),
    );
    explainStars(
      this.role,
      'Artifacts below one prefix; the groups of Greengrass, and in them the truck’s own streams',
      {
        resources: [artifacts, groups, ownStreams],
      },
    );
    this.alias = new CfnRoleAlias(this, 'Alias', {
      roleAlias: roleAlias(stage),
      roleArn: this.role.roleArn,
      credentialDurationSeconds: Duration.hours(1).toSeconds(),
    });
  }
}
