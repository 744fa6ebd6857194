import { Duration } from 'aws-cdk-lib';
import { GraphWidget, type IWidget, MathExpression, Metric, SingleValueWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import type { IBucket } from 'aws-cdk-lib/aws-s3';

export interface BillProps {
  readonly evidence: CfnDeliveryStream;
  readonly bucket: IBucket;
}

/** What it costs: what the account is billed for, by the hour, and what that has come to. The account's, not the stage's: Amazon counts no finer. */
export function billWidgets({ evidence, bucket }: BillProps): IWidget[] {
  const hour = Duration.hours(1);
  /** Of all protocols, which are a dimension. */
  const requests = (metricName: string, label: string) =>
    new MathExpression({
      expression: `SUM(SEARCH('{AWS/IoT,Protocol} MetricName="${metricName}"', 'Sum', ${hour.toSeconds()}))`,
      usingMetrics: {},
      period: hour,
      label,
    });
  const bytes = (namespace: string, dimensionsMap: Record<string, string>, label: string) =>
    new Metric({ namespace, metricName: 'IncomingBytes', dimensionsMap, statistic: 'Sum', period: hour, label });
  return [
    new GraphWidget({
      title: 'What it costs: what is billed, an hour',
      left: [
        requests('PublishIn.Success', 'messages in'),
        requests('PublishOut.Success', 'messages out'),
        requests('UpdateThingShadow.Accepted', 'shadow updates'),
        requests('GetThingShadow.Accepted', 'shadow reads'),
        requests('Connect.Success', 'connections made'),
        new Metric({
          ...{ namespace: 'AWS/IoT', metricName: 'RulesExecuted' },
          ...{ statistic: 'Sum', period: hour, label: 'rules executed' },
        }),
        new MathExpression({
          expression: `SUM(SEARCH('{AWS/IoT,ActionType,RuleName} MetricName="Success"', 'Sum', ${hour.toSeconds()}))`,
          usingMetrics: {},
          period: hour,
          label: 'rule actions',
        }),
      ],
      right: [
        bytes('AWS/Firehose', { DeliveryStreamName: evidence.ref }, 'bytes of evidence'),
        bytes('AWS/Logs', {}, 'bytes of logs'),
      ],
      rightYAxis: { label: 'bytes', showUnits: false },
      width: 16,
    }),
    new SingleValueWidget({
      title: 'Evidence kept, bytes; bill of this month so far, US dollars (if the account has billing alerts on)',
      metrics: [
        new Metric({
          ...{ namespace: 'AWS/S3', metricName: 'BucketSizeBytes' },
          dimensionsMap: { BucketName: bucket.bucketName, StorageType: 'StandardStorage' },
          ...{ statistic: 'Average', period: Duration.days(1), label: 'evidence kept' },
        }),
        new Metric({
          ...{ namespace: 'AWS/Billing', metricName: 'EstimatedCharges', dimensionsMap: { Currency: 'USD' } },
          // Wherever the fleet is, the bill is there.
          region: 'us-east-1',
          ...{ statistic: 'Maximum', period: Duration.hours(6), label: 'US dollars' },
        }),
      ],
      width: 8,
    }),
  ];
}
