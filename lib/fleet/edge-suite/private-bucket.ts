import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  type LifecycleRule,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { explain } from '../guard/explain.ts';

export interface PrivateBucketProps {
  /** @default one that CloudFormation makes up */
  readonly bucketName?: string;
  /** Where it is written down who asked for what. */
  readonly accessLogs: IBucket;
  readonly prefix: string;
  readonly lifecycleRules?: LifecycleRule[];
}

/** A bucket that is encrypted, asked over TLS only, versioned, public to nobody, and kept when its stack goes. */
export class PrivateBucket extends Bucket {
  constructor(scope: Construct, id: string, { bucketName, accessLogs, prefix, lifecycleRules }: PrivateBucketProps) {
    super(scope, id, {
      ...CLOSED,
      ...(bucketName !== undefined && { bucketName }),
      versioned: true,
      serverAccessLogsBucket: accessLogs,
      serverAccessLogsPrefix: prefix,
      ...(lifecycleRules && { lifecycleRules }),
    });
  }
}

/** For the access logs of all other buckets; 90 days. */
export class AccessLogBucket extends Bucket {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      ...CLOSED,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [{ expiration: Duration.days(90) }],
    });
    explain(this, 'AwsSolutions-S1', 'It holds the access logs; its own would be written into itself');
  }
}

const CLOSED = {
  encryption: BucketEncryption.S3_MANAGED,
  enforceSSL: true,
  minimumTLSVersion: 1.2,
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  removalPolicy: RemovalPolicy.RETAIN,
} as const;
