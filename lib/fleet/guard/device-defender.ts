import { Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnAccountAuditConfiguration, CfnScheduledAudit, CfnSecurityProfile } from 'aws-cdk-lib/aws-iot';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { HEARTBEAT_MS } from '../../shadow/index.ts';
import { groupArn } from '../identity/truck-groups.ts';
import { fleetGroup, prefixOf } from '../names.ts';
import { explain } from './explain.ts';

/** What is audited each day; the rest of the checks is about what a fleet of ours has not. */
const CHECKS = [
  'authenticatedCognitoRoleOverlyPermissiveCheck',
  'caCertificateExpiringCheck',
  'conflictingClientIdsCheck',
  // A certificate that AWS IoT has made ends in 2049: this one says, after a year, that it is time for another.
  'deviceCertificateAgeCheck',
  'deviceCertificateExpiringCheck',
  'deviceCertificateKeyQualityCheck',
  'deviceCertificateSharedCheck',
  'iotPolicyOverlyPermissiveCheck',
  'iotRoleAliasOverlyPermissiveCheck',
  'loggingDisabledCheck',
  'revokedCaCertificateStillActiveCheck',
  'revokedDeviceCertificateStillActiveCheck',
  'unauthenticatedCognitoRoleOverlyPermissiveCheck',
] as const;

/** `deviceCertificateSharedCheck` is DEVICE_CERTIFICATE_SHARED_CHECK to whoever orders an audit. */
const orderedName = (check: string): string => check.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

export interface DeviceDefenderProps {
  readonly stage: string;
  /** Whether it also watches what trucks do. */
  readonly detect: boolean;
  /** Who is told of what an audit finds. */
  readonly warn: Topic;
}

/** Device Defender: a daily audit of certificates and policies, and, where the account may have that, what no truck does if it is what it says it is. */
export class DeviceDefender extends Construct {
  constructor(scope: Construct, id: string, { stage, detect, warn }: DeviceDefenderProps) {
    super(scope, id);
    this.#audit(stage, warn);
    if (detect) this.#detect(stage);
  }

  #audit(stage: string, warn: Topic): void {
    const role = new Role(this, 'AuditRole', {
      assumedBy: new ServicePrincipal('iot.amazonaws.com'),
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSIoTDeviceDefenderAudit')],
    });
    explain(
      role,
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSIoTDeviceDefenderAudit]',
      'It reads what is audited, and follows what Device Defender learns to check',
    );
    const messenger = this.#messenger(warn);
    const configuration = new CfnAccountAuditConfiguration(this, 'Audit', {
      accountId: Stack.of(this).account,
      roleArn: role.roleArn,
      auditNotificationTargetConfigurations: {
        sns: { targetArn: warn.topicArn, roleArn: messenger.roleArn, enabled: true },
      },
      auditCheckConfigurations: Object.fromEntries(CHECKS.map((check) => [check, { enabled: true }])),
    });
    configuration.node.addDependency(messenger);
    const daily = new CfnScheduledAudit(this, 'Daily', {
      scheduledAuditName: `${prefixOf(stage)}-daily`,
      frequency: 'DAILY',
      targetCheckNames: CHECKS.map(orderedName),
    });
    daily.addResourceDependency(configuration);
  }

  /** Publishes to the topic, and encrypts for it. */
  #messenger({ topicArn, masterKey }: Topic): Role {
    const role = new Role(this, 'MessengerRole', { assumedBy: new ServicePrincipal('iot.amazonaws.com') });
    role.addToPolicy(new PolicyStatement({ actions: ['sns:Publish'], resources: [topicArn] }));
    if (masterKey !== undefined)
      role.addToPolicy(
        new PolicyStatement({ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [masterKey.keyArn] }),
      );
    return role;
  }

  /** A truck sends some 70 reports an hour at most (`REPORTING_PACE`), with Greengrass's own messages a few hundred. */
  #detect(stage: string): void {
    const within = {
      durationSeconds: HEARTBEAT_MS / 1000,
      consecutiveDatapointsToAlarm: 1,
      consecutiveDatapointsToClear: 1,
    };
    const most = (name: string, metric: string, count: string): CfnSecurityProfile.BehaviorProperty => ({
      name,
      metric,
      criteria: { comparisonOperator: 'less-than-equals', value: { count }, ...within },
    });
    new CfnSecurityProfile(this, 'Profile', {
      securityProfileName: `${prefixOf(stage)}-trucks`,
      securityProfileDescription: 'What no truck does if it is what it says it is',
      targetArns: [groupArn(this, fleetGroup(stage))],
      behaviors: [
        most('refused', 'aws:num-authorization-failures', '20'),
        most('sends', 'aws:num-messages-sent', '2000'),
        most('connects', 'aws:num-connection-attempts', '120'),
        {
          name: 'message-size',
          metric: 'aws:message-byte-size',
          criteria: {
            comparisonOperator: 'less-than-equals',
            value: { count: '131072' },
            consecutiveDatapointsToAlarm: 1,
            consecutiveDatapointsToClear: 1,
          },
        },
      ],
    });
  }
}
