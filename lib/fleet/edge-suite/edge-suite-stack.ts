import { DefaultStackSynthesizer, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct, IConstruct } from 'constructs';
import type { Stage } from '../config/read-stage.ts';
import { explain, explainStars } from '../guard/explain.ts';
import { artifactBucketName } from './artifact-bucket.ts';
import type { BuiltComponent } from './built-components.ts';
import { AccessLogBucket, PrivateBucket } from './private-bucket.ts';
import { PublishedComponent } from './published-component.ts';

export interface EdgeSuiteStackProps extends StackProps {
  readonly stage: Stage;
  readonly components: readonly BuiltComponent[];
}

/** What is shipped to trucks. */
export class EdgeSuiteStack extends Stack {
  // As an interface: aws-cdk-lib's class doesn't quite keep to it (exactOptionalPropertyTypes).
  readonly artifacts: IBucket;

  constructor(scope: Construct, id: string, { stage, components, ...props }: EdgeSuiteStackProps) {
    super(scope, id, { description: 'Firebreak: the components that trucks get', ...props });
    const accessLogs = new AccessLogBucket(this, 'AccessLogs') as IBucket;
    this.artifacts = new PrivateBucket(this, 'Bucket', {
      bucketName: artifactBucketName(this, stage.name),
      accessLogs,
      prefix: 'artifacts/',
    }) as IBucket;
    const uploadLogs = new LogGroup(this, 'UploadLogs', {
      retention: stage.logs.keepDays as number,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    let before: PublishedComponent | undefined;
    for (const component of components) {
      const published = new PublishedComponent(this, component.name.replaceAll('.', '-'), {
        component,
        bucket: this.artifacts,
        uploadLogs,
      });
      // A component's dependencies are there before it is.
      if (before !== undefined) published.node.addDependency(before);
      before = published;
    }
    for (const child of this.node.children)
      if (child.node.id.startsWith('Custom::CDKBucketDeployment')) explainUpload(child, this.artifacts);
  }
}

/** The function that copies artifacts is aws-cdk-lib's own. */
function explainUpload(uploader: IConstruct, bucket: IBucket): void {
  const { account, region, partition } = Stack.of(uploader);
  const assets = `cdk-${DefaultStackSynthesizer.DEFAULT_QUALIFIER}-assets-${account}-${region}`;
  explain(
    uploader,
    'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
    'aws-cdk-lib gives its function the policy that lets functions write logs',
  );
  explainStars(uploader, 'aws-cdk-lib’s function reads the CDK’s assets, and writes this bucket', {
    actions: ['s3:GetBucket*', 's3:GetObject*', 's3:List*', 's3:Abort*', 's3:DeleteObject*'],
    resources: [`arn:${partition}:s3:::${assets}/*`, `${bucket.bucketArn}/*`],
  });
  explain(uploader, 'AwsSolutions-L1', 'The runtime is aws-cdk-lib’s choice, and goes up with it');
}
