import { join } from 'node:path';
import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

export interface HandlerProps {
  /** Its source, from the project's directory: `lib/fleet/…/NAME.lambda.ts`. */
  readonly entry: string;
  readonly description: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeout: Duration;
  readonly logDays: RetentionDays;
  /**
   * Megabytes, and with them the share of a processor.
   * @default 256
   */
  readonly memory?: number;
}

/** A Lambda function of ours: bundled by esbuild, logs that end, and a role that may write these logs and nothing else. */
export class Handler extends Construct {
  readonly function: NodejsFunction;

  constructor(scope: Construct, id: string, props: HandlerProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', { retention: props.logDays, removalPolicy: RemovalPolicy.DESTROY });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    const root = process.cwd();
    this.function = new NodejsFunction(this, 'Function', {
      entry: join(root, props.entry),
      projectRoot: root,
      depsLockFilePath: join(root, 'package-lock.json'),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memory ?? 256,
      timeout: props.timeout,
      description: props.description,
      ...(props.environment && { environment: { ...props.environment } }),
      role,
      logGroup,
      // AWS's clients come with Lambda's Node.
      bundling: { format: OutputFormat.CJS, minify: true, externalModules: ['@aws-sdk/*', '@smithy/*'] },
    });
  }
}
