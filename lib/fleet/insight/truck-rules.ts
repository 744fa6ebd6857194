import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnTopicRule } from 'aws-cdk-lib/aws-iot';
import type { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { evidenceTopic, type ShadowName, shadowTopic } from '../../shadow/index.ts';
import { explainStars } from '../guard/explain.ts';
import { prefixOf } from '../names.ts';

export interface TruckRulesProps {
  readonly stage: string;
  readonly logDays: RetentionDays;
  readonly evidence: CfnDeliveryStream;
}

/** What becomes of what trucks say: evidence goes to its store; each report, to the logs, and counted. */
export class TruckRules extends Construct {
  readonly reports: LogGroup;
  readonly errors: LogGroup;
  readonly #namespace: string;
  readonly #stage: string;

  constructor(scope: Construct, id: string, { stage, logDays, evidence }: TruckRulesProps) {
    super(scope, id);
    this.#stage = stage;
    this.#namespace = `Firebreak/${stage}`;
    this.reports = new LogGroup(this, 'Reports', { retention: logDays, removalPolicy: RemovalPolicy.DESTROY });
    this.errors = new LogGroup(this, 'Errors', { retention: logDays, removalPolicy: RemovalPolicy.DESTROY });
    const role = this.#role(evidence);
    this.#rule(
      'evidence',
      `SELECT *, topic(2) AS publisher, timestamp() AS receivedAt FROM '${evidenceTopic('+')}'`,
      role,
      [{ firehose: { deliveryStreamName: evidence.ref, roleArn: role.roleArn, separator: '\n' } }],
    );
    for (const [shadow, word] of [
      ['isolation', 'verdict'],
      ['network', 'status'],
    ] as const) {
      this.#rule(shadow, reportSql(shadow, word), role, [
        { cloudwatchLogs: { logGroupName: this.reports.logGroupName, roleArn: role.roleArn } },
        {
          cloudwatchMetric: {
            metricNamespace: this.#namespace,
            metricName: `${word}-\${current.state.reported.${word}}`,
            metricValue: '1',
            metricUnit: 'Count',
            roleArn: role.roleArn,
          },
        },
      ]);
    }
  }

  /** How often trucks have reported this verdict or status in a minute. */
  reported(name: `verdict-${string}` | `status-${string}`): Metric {
    return new Metric({ namespace: this.#namespace, metricName: name, statistic: 'Sum', label: name });
  }

  #rule(name: string, sql: string, role: Role, actions: CfnTopicRule.ActionProperty[]): void {
    const rule = new CfnTopicRule(this, name, {
      ruleName: `${prefixOf(this.#stage)}-${name}`.replaceAll('-', '_'),
      topicRulePayload: {
        awsIotSqlVersion: '2016-03-23',
        sql,
        actions,
        errorAction: { cloudwatchLogs: { logGroupName: this.errors.logGroupName, roleArn: role.roleArn } },
      },
    });
    // A rule is refused whose role can't do what it is for.
    rule.node.addDependency(role);
  }

  #role(evidence: CfnDeliveryStream): Role {
    const { account } = Stack.of(this);
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('iot.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['firehose:PutRecord', 'firehose:PutRecordBatch'],
        resources: [evidence.attrArn],
      }),
    );
    const logs = [this.reports.logGroupArn, this.errors.logGroupArn];
    role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
        resources: logs,
      }),
    );
    role.addToPolicy(
      new PolicyStatement({
        actions: ['cloudwatch:PutMetricData'],
        resources: ['*'],
        conditions: { StringEquals: { 'cloudwatch:namespace': this.#namespace } },
      }),
    );
    explainStars(role, 'Metrics have no ARN: the condition says which namespace', { resources: ['*'] });
    return role;
  }
}

/** A shadow's documents after each update: what is said now, and whose it is. */
function reportSql(shadow: ShadowName, word: string): string {
  const reported = 'current.state.reported';
  const fields = `topic(3) AS thing, '${shadow}' AS shadow, ${reported}.${word} AS ${word}, ${reported}.revision.id AS revision, ${reported}.why AS why, ${reported}.failing AS failing, timestamp() AS at`;
  return `SELECT ${fields} FROM '${shadowTopic('+', shadow)}/update/documents' WHERE isUndefined(${reported}.${word}) = false`;
}
