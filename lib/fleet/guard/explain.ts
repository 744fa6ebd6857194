import { Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Lets a finding of cdk-nag stand, on a construct and below it, with the reason why it is right. Nothing else is let stand. */
export function explain(construct: IConstruct, rule: string, reason: string): void {
  Validations.of(construct).acknowledge({ id: rule, reason });
}

/** The same for actions and resources with a star, each as the policy has it: another star in the same policy is still a finding. */
export function explainStars(
  construct: IConstruct,
  reason: string,
  { actions = [], resources = [] }: { readonly actions?: readonly string[]; readonly resources?: readonly string[] },
): void {
  const stack = Stack.of(construct);
  for (const action of actions) explain(construct, `AwsSolutions-IAM5[Action::${action}]`, reason);
  for (const resource of resources)
    explain(construct, `AwsSolutions-IAM5[Resource::${shown(stack, resource)}]`, reason);
}

/** As cdk-nag writes a resource: what is known only when it is deployed stands in angle brackets. */
function shown(stack: Stack, resource: string): string {
  const resolved: unknown = stack.resolve(resource);
  const parts = typeof resolved === 'string' ? [resolved] : (resolved as Joined)['Fn::Join'][1];
  return parts
    .map((part) => {
      if (typeof part === 'string') return part.replaceAll(/\$\{([^}]+)\}/g, '<$1>');
      return `<${'Ref' in part ? part.Ref : part['Fn::GetAtt'].join('.')}>`;
    })
    .join('');
}

type Reference = { readonly Ref: string } | { readonly 'Fn::GetAtt': readonly string[] };
interface Joined {
  readonly 'Fn::Join': readonly [string, readonly (string | Reference)[]];
}
