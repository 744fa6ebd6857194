import { App, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks } from 'cdk-nag';
import { explainStars } from '../../../lib/fleet/guard/explain.ts';
import { problemsOf, starsOf } from './rules.ts';

const one = (Type: string, Properties: Record<string, unknown>) => problemsOf({ It: { Type, Properties } });
const statement = (Action: unknown, Resource: unknown) => ({
  PolicyDocument: { Statement: [{ Effect: 'Allow', Action, Resource }] },
});

test.each([
  ['AWS::IoT::TopicRule', { TopicRulePayload: { Actions: [] } }, 'the rule It has no error action'],
  ['AWS::S3::Bucket', {}, 'the bucket It is not encrypted'],
  ['AWS::SNS::Topic', {}, 'the topic It is not encrypted'],
  ['AWS::Logs::LogGroup', {}, 'the log group It is kept for ever'],
  ['AWS::IAM::Policy', statement('*', 'a'), 'It allows *'],
  ['AWS::IAM::Policy', statement(['iot:*'], 'a'), 'It allows iot:*'],
  ['AWS::IoT::Policy', statement(['greengrass:*'], 'a'), 'It allows greengrass:*'],
])('%s with %j breaks a rule', (type, properties, problem) => {
  expect(one(type, properties)).toEqual([problem]);
});

test('a star is found wherever it stands', () => {
  const stars = starsOf({
    It: {
      Type: 'AWS::IAM::Policy',
      Properties: statement(['a:b', 'c:d*'], ['x', { 'Fn::Join': ['', ['arn:', { Ref: 'B' }, '/*']] }]),
    },
  });
  expect(stars).toEqual(['c:d* on x', 'a:b on arn:<Ref:B>/*', 'c:d* on arn:<Ref:B>/*']);
});

test('cdk-nag finds a star that isn’t explained, beside one that is', () => {
  const app = new App();
  const role = new Role(new Stack(app, 'It'), 'Role', { assumedBy: new ServicePrincipal('iot.amazonaws.com') });
  role.addToPolicy(
    new PolicyStatement({ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::one/*', 'arn:aws:s3:::two/*'] }),
  );
  explainStars(role, 'a test', { resources: ['arn:aws:s3:::one/*'] });
  const { violations } = new AwsSolutionsChecks(app).validateScope(app);
  expect(violations.map(({ ruleName }) => ruleName)).toEqual(['AwsSolutions-IAM5[Resource::arn:aws:s3:::two/*]']);
});
