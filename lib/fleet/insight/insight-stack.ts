import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  LogQueryWidget,
  SingleValueWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { Stage } from '../config/read-stage.ts';
import { AccessLogBucket } from '../edge-suite/private-bucket.ts';
import { prefixOf } from '../names.ts';
import { Alarms } from './alarms.ts';
import { billWidgets } from './bill.ts';
import { EvidenceStore } from './evidence-store.ts';
import { FleetIndex } from './fleet-index.ts';
import { TruckRules } from './truck-rules.ts';

export interface InsightStackProps extends StackProps {
  readonly stage: Stage;
}

/** Which trucks are proved isolated, and which are not and why. */
export class InsightStack extends Stack {
  /** Who is told of what is no breach. */
  readonly warn: Topic;

  constructor(scope: Construct, id: string, { stage, ...props }: InsightStackProps) {
    super(scope, id, { description: 'Firebreak: which trucks are proved isolated', ...props });
    const logDays = stage.logs.keepDays as number;
    const accessLogs = new AccessLogBucket(this, 'AccessLogs');
    const index = new FleetIndex(this, 'FleetIndex', { stage: stage.name, logDays });
    const { stream, bucket } = new EvidenceStore(this, 'Evidence', {
      keepDays: stage.evidence.keepDays,
      logDays,
      accessLogs: accessLogs as IBucket,
    });
    // What `firebreak fleet evidence --bucket` asks for.
    new CfnOutput(this, 'EvidenceBucket', { value: bucket.bucketName });
    const rules = new TruckRules(this, 'Rules', { stage: stage.name, logDays, evidence: stream });
    const alarms = new Alarms(this, 'Alarms', { stage, index, rules });
    this.warn = alarms.warn;
    const verdicts = (['isolated', 'breached', 'outage', 'unproved', 'offline'] as const).map((name) =>
      index.count(name),
    );
    const changes = [index.count('rolledback'), index.count('failed')];
    new Dashboard(this, 'Dashboard', {
      dashboardName: prefixOf(stage.name),
      defaultInterval: Duration.days(1),
      widgets: [
        [
          new SingleValueWidget({ title: 'Trucks by verdict', metrics: verdicts, width: 16 }),
          new SingleValueWidget({ title: 'Changes that did not hold', metrics: changes, width: 8 }),
        ],
        [new AlarmStatusWidget({ title: 'Alarms', alarms: alarms.all, width: 24 })],
        [
          new GraphWidget({ title: 'Trucks by verdict', left: verdicts, stacked: true, width: 12 }),
          new LogQueryWidget({
            title: 'Which are not, and why',
            logGroupNames: [rules.reports.logGroupName],
            queryLines: [
              'fields at, thing, verdict, status, failing.0.from, failing.0.to, failing.0.probe, failing.0.reason, why',
              "filter verdict in ['breached', 'outage', 'inconclusive'] or status in ['rolled-back', 'refused', 'failed']",
              'sort at desc',
              'limit 50',
            ],
            width: 12,
          }),
        ],
        billWidgets({ evidence: stream, bucket }),
      ],
    });
  }
}
