import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Stage } from '../config/read-stage.ts';
import { allowListTable } from '../names.ts';
import { AllowList } from './allow-list.ts';
import { Provisioning } from './provisioning.ts';
import { TokenExchange } from './token-exchange.ts';
import { TruckGroups } from './truck-groups.ts';

export interface IdentityStackProps extends StackProps {
  readonly stage: Stage;
}

/** Who is a truck, and what it may do. */
export class IdentityStack extends Stack {
  readonly groups: TruckGroups;

  constructor(scope: Construct, id: string, { stage, ...props }: IdentityStackProps) {
    super(scope, id, { description: 'Firebreak: trucks, their certificates and what they may do', ...props });
    this.groups = new TruckGroups(this, 'Groups', { stage: stage.name, depots: stage.depots });
    const allowList = new AllowList(this, 'AllowList', allowListTable(stage.name));
    const { alias } = new TokenExchange(this, 'TokenExchange', stage.name);
    const { template } = new Provisioning(this, 'Provisioning', {
      stage: stage.name,
      depots: stage.depots,
      allowList,
      groups: this.groups,
      logDays: stage.logs.keepDays as number,
    });
    // What the trucks' nucleus is configured with.
    new CfnOutput(this, 'ProvisioningTemplate', { value: template.ref });
    new CfnOutput(this, 'RoleAlias', { value: alias.ref });
    new CfnOutput(this, 'AllowListTable', { value: allowList.table.tableName });
  }
}
