import { Stack } from 'aws-cdk-lib';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnAccountAuditConfiguration, CfnScheduledAudit, CfnSecurityProfile } from 'aws-cdk-lib/aws-iot';
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

/**
 * Device Defender: a daily audit of certificates and policies, and what no truck does if it is what it says it is. A truck sends some 70 reports an hour at most
 * (`REPORTING_PACE`), with Greengrass's own messages a few hundred.
 */
export class DeviceDefender extends Construct {
  constructor(scope: Construct, id: string, stage: string) {
    super(scope, id);
    const role = new Role(this, 'AuditRole', {
      assumedBy: new ServicePrincipal('iot.amazonaws.com'),
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSIoTDeviceDefenderAudit')],
    });
    explain(
      role,
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSIoTDeviceDefenderAudit]',
      'It reads what is audited, and follows what Device Defender learns to check',
    );
    const configuration = new CfnAccountAuditConfiguration(this, 'Audit', {
      accountId: Stack.of(this).account,
      roleArn: role.roleArn,
      auditCheckConfigurations: Object.fromEntries(CHECKS.map((check) => [check, { enabled: true }])),
    });
    const daily = new CfnScheduledAudit(this, 'Daily', {
      scheduledAuditName: `${prefixOf(stage)}-daily`,
      frequency: 'DAILY',
      targetCheckNames: CHECKS.map(orderedName),
    });
    daily.addResourceDependency(configuration);
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
