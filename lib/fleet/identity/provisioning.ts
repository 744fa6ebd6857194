import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnPolicy, CfnProvisioningTemplate } from 'aws-cdk-lib/aws-iot';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { explainStars } from '../guard/explain.ts';
import { Handler } from '../handler.ts';
import {
  claimPolicyName,
  depotsGroup,
  LAST_RING,
  provisioningTemplate,
  ringGroup,
  roleAlias,
  TRUCK_PREFIX,
} from '../names.ts';
import type { AllowList } from './allow-list.ts';
import { claimPolicy } from './device-policy.ts';
import { templateBody } from './template-body.ts';
import { groupArn, type TruckGroups } from './truck-groups.ts';

export interface ProvisioningProps {
  readonly stage: string;
  readonly depots: readonly string[];
  readonly allowList: AllowList;
  readonly groups: TruckGroups;
  readonly logDays: RetentionDays;
}

/** Fleet provisioning by claim: a new truck shows the claim certificate, the hook asks the allow-list, and the truck gets a certificate of its own. */
export class Provisioning extends Construct {
  readonly template: CfnProvisioningTemplate;

  constructor(scope: Construct, id: string, props: ProvisioningProps) {
    super(scope, id);
    const { stage, groups } = props;
    const stack = Stack.of(this);
    const arn = stack.formatArn({ service: 'iot', resource: '' }).replace(/:$/, '').replace(/\/$/, '');
    const name = provisioningTemplate(stage);
    const hook = this.#hook(props);
    this.template = new CfnProvisioningTemplate(this, 'Template', {
      templateName: name,
      description: 'A truck with a certificate, policies and a ring of its own',
      enabled: true,
      provisioningRoleArn: this.#role(groups).roleArn,
      preProvisioningHook: { payloadVersion: '2020-04-01', targetArn: hook.function.functionArn },
      templateBody: stack.toJsonString(
        templateBody({
          arn,
          roleAlias: roleAlias(stage),
          thingType: groups.thingType,
          defaultRing: ringGroup(stage, LAST_RING),
          defaultDepot: depotsGroup(stage),
        }),
      ),
    });
    for (const group of groups.resources) this.template.addResourceDependency(group);
    hook.function.addPermission('AskedByIoT', {
      principal: new ServicePrincipal('iot.amazonaws.com'),
      sourceAccount: stack.account,
      sourceArn: stack.formatArn({ service: 'iot', resource: 'provisioningtemplate', resourceName: name }),
    });
    new CfnPolicy(this, 'ClaimPolicy', {
      policyName: claimPolicyName(stage),
      policyDocument: claimPolicy(name, TRUCK_PREFIX, arn),
    });
  }

  #hook({ stage, depots, allowList, logDays }: ProvisioningProps): Handler {
    const hook = new Handler(this, 'Hook', {
      entry: 'lib/fleet/identity/provisioning-hook.lambda.ts',
      description: 'Says whether a truck may get an identity',
      timeout: Duration.seconds(5),
      memory: 512,
      logDays,
      environment: {
        ALLOW_LIST: allowList.table.tableName,
        STAGE: stage,
        DEPOTS: JSON.stringify(depots),
      },
    });
    allowList.table.grant(hook.function, 'dynamodb:UpdateItem');
    return hook;
  }

  /** What AWS IoT does for a truck that was allowed, and no more: not AWSIoTThingsRegistration, which may write every policy. */
  #role(groups: TruckGroups): Role {
    const stack = Stack.of(this);
    const iot = (resource: string, resourceName: string) => stack.formatArn({ service: 'iot', resource, resourceName });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('iot.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
      }),
    });
    role.addToPolicy(
      new PolicyStatement({
        sid: 'Things',
        actions: [
          'iot:CreateThing',
          'iot:DescribeThing',
          'iot:UpdateThing',
          'iot:AttachThingPrincipal',
          'iot:DetachThingPrincipal',
          'iot:ListThingPrincipals',
          'iot:ListThingGroupsForThing',
          'iot:AddThingToThingGroup',
          'iot:RemoveThingFromThingGroup',
          'iot:UpdateThingGroupsForThing',
        ],
        resources: [
          iot('thing', `${TRUCK_PREFIX}*`),
          iot('thingtype', groups.thingType),
          ...groups.joined.map((name) => groupArn(this, name)),
        ],
      }),
    );
    role.addToPolicy(
      new PolicyStatement({
        sid: 'CertificatesAndPolicies',
        // Neither certificates nor policies that are named after their content have a name beforehand.
        actions: [
          'iot:DescribeCertificate',
          'iot:UpdateCertificate',
          'iot:AttachPrincipalPolicy',
          'iot:AttachPolicy',
          'iot:CreatePolicy',
          'iot:GetPolicy',
          'iot:ListPrincipalPolicies',
          'iot:ListAttachedPolicies',
        ],
        resources: [iot('cert', '*'), iot('policy', '*')],
      }),
    );
    explainStars(
      role,
      'Trucks by their prefix; certificates, and policies named after their content, have no name beforehand',
      {
        resources: [iot('thing', `${TRUCK_PREFIX}*`), iot('cert', '*'), iot('policy', '*')],
      },
    );
    return role;
  }
}
