import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnLogging } from 'aws-cdk-lib/aws-iot';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { Stage } from '../config/read-stage.ts';
import { TRUCK_LOGS } from '../identity/token-exchange.ts';
import { prefixOf } from '../names.ts';
import { DeviceDefender } from './device-defender.ts';
import { Rescue } from './rescue.ts';

export interface GuardStackProps extends StackProps {
  readonly stage: Stage;
  /** Names of our components: each has a log group. */
  readonly components: readonly string[];
  /** Who is told of what an audit finds. */
  readonly warn: Topic;
}

/** What watches over the account, and helps when a truck is lost: audits, logs that end, a limit of cost, rescue. */
export class GuardStack extends Stack {
  constructor(scope: Construct, id: string, { stage, components, warn, ...props }: GuardStackProps) {
    super(scope, id, { description: 'Firebreak: audits, logs and limits', ...props });
    new DeviceDefender(this, 'DeviceDefender', { stage: stage.name, detect: stage.detect, warn });
    new Rescue(this, 'Rescue', stage.name);
    const retention = stage.logs.keepDays as number;
    // Names that Greengrass' log manager makes up. What it finds it doesn't make, so it ends as these do.
    const names = [
      `GreengrassSystemComponent/${this.region}/System`,
      ...components.map((name) => `UserComponent/${this.region}/${name}`),
    ];
    for (const [index, name] of names.entries())
      new LogGroup(this, `TruckLogs${index}`, {
        logGroupName: `${TRUCK_LOGS}/${name}`,
        retention,
        removalPolicy: RemovalPolicy.DESTROY,
      });
    this.#iotLogs(retention);
    if (stage.budget !== undefined) this.#budget(stage, stage.budget.monthlyUsd);
  }

  /** AWS IoT's own logs: what it refuses, and why. */
  #iotLogs(retention: number): void {
    const logs = new LogGroup(this, 'IotLogs', {
      logGroupName: 'AWSIotLogsV2',
      retention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'IotLogsRole', { assumedBy: new ServicePrincipal('iot.amazonaws.com') });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
        resources: [logs.logGroupArn],
      }),
    );
    new CfnLogging(this, 'IotLogging', {
      accountId: this.account,
      roleArn: role.roleArn,
      defaultLogLevel: 'WARN',
    }).node.addDependency(role);
  }

  #budget(stage: Stage, monthlyUsd: number): void {
    const subscribers = [...stage.alarms.warn, ...stage.alarms.page].map((address) => ({
      address,
      subscriptionType: 'EMAIL',
    }));
    new CfnBudget(this, 'Budget', {
      budget: {
        budgetName: prefixOf(stage.name),
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: monthlyUsd, unit: 'USD' },
      },
      notificationsWithSubscribers: (subscribers.length === 0 ? [] : [80, 100]).map((threshold) => ({
        notification: {
          comparisonOperator: 'GREATER_THAN',
          notificationType: 'ACTUAL',
          threshold,
          thresholdType: 'PERCENTAGE',
        },
        subscribers,
      })),
    });
  }
}
