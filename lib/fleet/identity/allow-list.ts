import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';

/**
 * Which trucks may get an identity. An item has `serial` (text), `claimsLeft` (number: so many times it may), `ring` and `depot` (text,
 * optional); the hook adds `certificateId` and `provisionedAt` of the last time. It is kept when the stack goes.
 */
export class AllowList extends Construct {
  readonly table: Table;

  constructor(scope: Construct, id: string, name: string) {
    super(scope, id);
    this.table = new Table(this, 'Table', {
      tableName: name,
      partitionKey: { name: 'serial', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}
