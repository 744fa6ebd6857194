import type { Resource } from './support.ts';

/** Our own rules about templates. cdk-nag has none about AWS IoT. */

type Resources = Readonly<Record<string, Resource>>;

export function ofType(resources: Resources, type: string): readonly Resource[] {
  return Object.values(resources).filter(({ Type }) => Type === type);
}

/** What breaks a rule, as sentences. */
export function problemsOf(resources: Resources): readonly string[] {
  return Object.entries(resources).flatMap(([id, { Type, Properties }]) => {
    switch (Type) {
      case 'AWS::IoT::TopicRule':
        return hasErrorAction(Properties) ? [] : [`the rule ${id} has no error action`];
      case 'AWS::S3::Bucket':
        return Properties.BucketEncryption === undefined ? [`the bucket ${id} is not encrypted`] : [];
      case 'AWS::SNS::Topic':
        return Properties.KmsMasterKeyId === undefined ? [`the topic ${id} is not encrypted`] : [];
      case 'AWS::Logs::LogGroup':
        return Properties.RetentionInDays === undefined ? [`the log group ${id} is kept for ever`] : [];
      default:
        return statementsOf(Properties)
          .filter(
            ({ Effect, Action }) =>
              Effect === 'Allow' && listOf(Action).some((action) => /^(\*|\w+:\*)$/.test(String(action))),
          )
          .map(({ Action }) => `${id} allows ${listOf(Action).join(', ')}`);
    }
  });
}

function hasErrorAction({ TopicRulePayload }: Resource['Properties']): boolean {
  return (TopicRulePayload as { ErrorAction?: object } | undefined)?.ErrorAction !== undefined;
}

/** What is allowed with a star in it: `ACTION on RESOURCE`. */
export function starsOf(resources: Resources): readonly string[] {
  return Object.values(resources).flatMap(({ Properties }) =>
    statementsOf(Properties)
      .filter(({ Effect }) => Effect === 'Allow')
      .flatMap(({ Action, Resource }) =>
        listOf(Resource)
          .map((resource) => textOf(resource))
          .flatMap((resource) =>
            listOf(Action)
              .filter((action) => String(action).includes('*') || resource.includes('*'))
              .map((action) => `${action} on ${resource}`),
          ),
      ),
  );
}

interface Statement {
  readonly Effect: string;
  readonly Action: unknown;
  readonly Resource: unknown;
}

function statementsOf({ PolicyDocument }: Resource['Properties']): readonly Statement[] {
  const { Statement } = (PolicyDocument ?? {}) as { Statement?: Statement | Statement[] };
  return Statement === undefined ? [] : (listOf(Statement) as Statement[]);
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

function textOf(resource: unknown): string {
  if (typeof resource === 'string') return resource;
  const join = (resource as { 'Fn::Join'?: [string, unknown[]] } | null)?.['Fn::Join'];
  if (join !== undefined) return join[1].map(textOf).join('');
  return `<${JSON.stringify(resource).replaceAll(/["{}[\]]|Fn::/g, '')}>`;
}
