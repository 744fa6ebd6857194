import { CustomResource, Duration, Stack } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnFleetMetric, CfnThingGroup } from 'aws-cdk-lib/aws-iot';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { explainStars } from '../guard/explain.ts';
import { Handler } from '../handler.ts';
import { prefixOf } from '../names.ts';
import { CONDITION_NAMES, type Condition, truckQuery } from './truck-queries.ts';

export interface FleetIndexProps {
  readonly stage: string;
  readonly logDays: RetentionDays;
}

/**
 * The account's fleet index, and what is asked of it all the time: a dynamic thing group, and a number of trucks, of each condition. CloudFormation
 * knows no fleet index, so a function reads, merges and writes it.
 */
export class FleetIndex extends Construct {
  readonly #stage: string;

  constructor(scope: Construct, id: string, { stage, logDays }: FleetIndexProps) {
    super(scope, id);
    this.#stage = stage;
    const handler = new Handler(this, 'Handler', {
      entry: 'lib/fleet/insight/fleet-index.lambda.ts',
      description: 'Adds what trucks report to the fleet index of the account',
      timeout: Duration.minutes(15),
      logDays,
    });
    handler.function.addToRolePolicy(
      new PolicyStatement({
        actions: ['iot:GetIndexingConfiguration', 'iot:UpdateIndexingConfiguration'],
        resources: ['*'],
      }),
    );
    handler.function.addToRolePolicy(
      new PolicyStatement({
        actions: ['iot:DescribeIndex'],
        resources: [Stack.of(this).formatArn({ service: 'iot', resource: 'index', resourceName: 'AWS_Things' })],
      }),
    );
    explainStars(handler, 'The indexing configuration is the account’s: these actions know no resource', {
      resources: ['*'],
    });
    const index = new CustomResource(this, 'Index', {
      serviceToken: handler.function.functionArn,
      resourceType: 'Custom::FleetIndex',
      // Another query is another index to wait for.
      properties: { queries: CONDITION_NAMES.map((condition) => truckQuery(stage, condition)).join('\n') },
    });
    for (const condition of CONDITION_NAMES) {
      const queryString = truckQuery(stage, condition);
      const group = new CfnThingGroup(this, `${condition}-group`, {
        thingGroupName: this.#nameOf(condition),
        queryString,
      });
      const metric = new CfnFleetMetric(this, `${condition}-metric`, {
        metricName: this.#nameOf(condition),
        queryString,
        aggregationField: 'registry.version',
        aggregationType: { name: 'Statistics', values: ['count'] },
        period: 60,
      });
      for (const asking of [group, metric]) asking.node.addDependency(index);
    }
  }

  /** How many trucks that are. */
  count(condition: Condition): Metric {
    return new Metric({
      namespace: 'AWS/IoTFleetMetrics',
      metricName: this.#nameOf(condition),
      dimensionsMap: { AggregationType: 'count' },
      statistic: 'Maximum',
      period: Duration.minutes(1),
      label: condition,
    });
  }

  #nameOf(condition: Condition): string {
    return `${prefixOf(this.#stage)}-${condition}`;
  }
}
