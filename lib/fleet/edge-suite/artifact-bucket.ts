import { Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { prefixOf } from '../names.ts';

/** The bucket of artifacts. It has a name, so that nobody has to ask another stack for it. */
export function artifactBucketName(scope: IConstruct, stage: string): string {
  const { account, region } = Stack.of(scope);
  return `${prefixOf(stage)}-artifacts-${account}-${region}`;
}
