import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, MathExpression, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { FilterPattern } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Stage } from '../config/read-stage.ts';
import { prefixOf } from '../names.ts';
import type { FleetIndex } from './fleet-index.ts';
import type { TruckRules } from './truck-rules.ts';

export interface AlarmsProps {
  readonly stage: Stage;
  readonly index: FleetIndex;
  readonly rules: TruckRules;
}

/** Whom what wakes: a breach pages, everything else warns. */
export class Alarms extends Construct {
  readonly all: Alarm[] = [];
  readonly page: Topic;
  readonly warn: Topic;
  readonly #key: Key;
  readonly #prefix: string;

  constructor(scope: Construct, id: string, { stage, index, rules }: AlarmsProps) {
    super(scope, id);
    this.#prefix = prefixOf(stage.name);
    this.#key = new Key(this, 'Key', { enableKeyRotation: true, description: 'Of alarms on their way' });
    for (const service of ['cloudwatch', 'events'])
      this.#key.grantEncryptDecrypt(new ServicePrincipal(`${service}.amazonaws.com`));
    this.page = this.#topic('page', stage.alarms.page);
    this.warn = this.#topic('warn', stage.alarms.warn);

    // The index says which trucks are breached, but some time later; a report says it at once, but only once.
    const breached = new MathExpression({
      expression: 'FILL(indexed, 0) + FILL(reported, 0)',
      usingMetrics: { indexed: index.count('breached'), reported: rules.reported('verdict-breached') },
      period: Duration.minutes(1),
      label: 'breached',
    });
    this.#alarm('breach', 'A truck’s networks are not isolated', breached, { to: this.page });
    this.#alarm('outage', 'On a truck something can’t talk that is allowed to', index.count('outage'), { minutes: 5 });
    this.#alarm('unproved', 'A truck is connected, and nobody knows whether it is isolated', index.count('unproved'), {
      minutes: 60,
    });
    this.#alarm('rolled-back', 'A truck has rolled its policy back', index.count('rolledback'));
    this.#alarm('failed', 'A truck could neither apply a policy nor go back', index.count('failed'));
    this.#alarm('silence', 'For a day not all trucks were connected at any time', index.count('offline'), {
      minutes: 1440,
    });
    this.#alarm('blind', 'The fleet index has said nothing for 15 minutes', index.count('isolated'), {
      minutes: 15,
      blind: true,
    });
    const errors = rules.errors.addMetricFilter('Any', {
      filterPattern: FilterPattern.allEvents(),
      metricNamespace: `Firebreak/${stage.name}`,
      metricName: 'rule-errors',
    });
    this.#alarm('rule-errors', 'What trucks say did not get where it belongs', errors.metric({ statistic: 'Sum' }));
    new Rule(this, 'Deployments', {
      description: 'A deployment has failed on a truck, or was refused',
      eventPattern: {
        source: ['aws.greengrass'],
        detailType: ['Greengrass V2 Effective Deployment Status Change'],
        detail: { status: ['FAILED', 'REJECTED'] },
      },
      targets: [new SnsTopic(this.warn)],
    });
  }

  #topic(name: string, emails: readonly string[]): Topic {
    const topic = new Topic(this, name, {
      masterKey: this.#key,
      enforceSSL: true,
      displayName: `${this.#prefix} ${name}`,
    });
    // A topic with a policy of its own has lost the one by which the account's alarms may publish.
    topic.grantPublish(new ServicePrincipal('cloudwatch.amazonaws.com'));
    for (const email of emails) topic.addSubscription(new EmailSubscription(email));
    return topic;
  }

  #alarm(
    name: string,
    alarmDescription: string,
    metric: Metric | MathExpression,
    { to = this.warn, minutes = 1, blind = false }: { to?: Topic; minutes?: number; blind?: boolean } = {},
  ): void {
    // An alarm looks back a day at most, so long ones look hour by hour.
    const period = Duration.minutes(minutes > 60 ? 60 : minutes === 60 ? 5 : 1);
    const evaluationPeriods = minutes / period.toMinutes();
    const alarm = new Alarm(this, `${name}-alarm`, {
      alarmName: `${this.#prefix}-${name}`,
      alarmDescription,
      metric: metric instanceof Metric ? metric.with({ period, ...(minutes > 1 && { statistic: 'Minimum' }) }) : metric,
      threshold: 0,
      evaluationPeriods,
      comparisonOperator: blind ? ComparisonOperator.LESS_THAN_THRESHOLD : ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: blind ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(to));
    alarm.addOkAction(new SnsAction(to));
    this.all.push(alarm);
  }
}
