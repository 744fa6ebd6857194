import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import { LogGroup, LogStream, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { PrivateBucket } from '../edge-suite/private-bucket.ts';
import { explainStars } from '../guard/explain.ts';
import { EVIDENCE_PREFIX } from '../names.ts';

export interface EvidenceStoreProps {
  readonly keepDays: number;
  readonly logDays: RetentionDays;
  readonly accessLogs: IBucket;
}

/** Evidence for audits: JSON lines, gzipped, by day (`evidence/year=2026/month=11/day=25/…`, partitions for Athena), in a bucket that keeps it so long and no longer. */
export class EvidenceStore extends Construct {
  readonly stream: CfnDeliveryStream;
  readonly bucket: IBucket;

  constructor(scope: Construct, id: string, { keepDays, logDays, accessLogs }: EvidenceStoreProps) {
    super(scope, id);
    const bucket = new PrivateBucket(this, 'Bucket', {
      accessLogs,
      prefix: 'evidence/',
      lifecycleRules: [{ expiration: Duration.days(keepDays), noncurrentVersionExpiration: Duration.days(30) }],
    });
    this.bucket = bucket as IBucket;
    const logs = new LogGroup(this, 'Logs', { retention: logDays, removalPolicy: RemovalPolicy.DESTROY });
    const delivery = new LogStream(this, 'Delivery', { logGroup: logs, removalPolicy: RemovalPolicy.DESTROY });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('firehose.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    const grants = [bucket.grantPut(role), logs.grantWrite(role)];
    explainStars(role, 'Objects of this bucket have no names beforehand; s3:Abort* ends uploads of their own', {
      actions: ['s3:Abort*'],
      resources: [`${bucket.bucketArn}/*`],
    });
    this.stream = new CfnDeliveryStream(this, 'Stream', {
      deliveryStreamType: 'DirectPut',
      deliveryStreamEncryptionConfigurationInput: { keyType: 'AWS_OWNED_CMK' },
      extendedS3DestinationConfiguration: {
        bucketArn: bucket.bucketArn,
        roleArn: role.roleArn,
        prefix: EVIDENCE_PREFIX,
        errorOutputPrefix: 'undelivered/!{firehose:error-output-type}/day=!{timestamp:yyyy-MM-dd}/',
        compressionFormat: 'GZIP',
        bufferingHints: { intervalInSeconds: 300, sizeInMBs: 16 },
        cloudWatchLoggingOptions: {
          enabled: true,
          logGroupName: logs.logGroupName,
          logStreamName: delivery.logStreamName,
        },
      },
    });
    for (const grant of grants) grant.applyBefore(this.stream);
  }
}
