import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnComponentVersion } from 'aws-cdk-lib/aws-greengrassv2';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { BucketDeployment, Source } from 'aws-cdk-lib/aws-s3-deployment';
import { Construct } from 'constructs';
import { ARTIFACT_PREFIX } from '../names.ts';
import type { BuiltComponent } from './built-components.ts';

export interface PublishedComponentProps {
  readonly component: BuiltComponent;
  readonly bucket: IBucket;
  readonly uploadLogs: LogGroup;
}

/** Stands in recipes for the place of artifacts (`lib/artifacts/recipe.ts`). */
const PLACE = 's3://FIREBREAK-ARTIFACTS/';

/**
 * A component's artifacts in the bucket, and its version in Greengrass, which are there for good: trucks that were away, and rings that stay
 * with it, need them after the next one has come.
 */
export class PublishedComponent extends Construct {
  constructor(scope: Construct, id: string, { component, bucket, uploadLogs }: PublishedComponentProps) {
    super(scope, id);
    const { name, version, recipe, directory } = component;
    const upload = new BucketDeployment(this, 'Artifacts', {
      sources: [Source.asset(directory)],
      destinationBucket: bucket,
      destinationKeyPrefix: `${ARTIFACT_PREFIX}/${name}/${version}`,
      prune: false,
      retainOnDelete: true,
      // The runtime is 100 MB, unpacked beside its archive.
      memoryLimit: 1024,
      logGroup: uploadLogs,
    });
    const published = new CfnComponentVersion(this, 'Version', {
      inlineRecipe: recipe.replaceAll(PLACE, `s3://${bucket.bucketName}/${ARTIFACT_PREFIX}/`),
    });
    published.applyRemovalPolicy(RemovalPolicy.RETAIN);
    // Greengrass looks at the artifacts when it takes the recipe.
    published.node.addDependency(upload);
  }
}
