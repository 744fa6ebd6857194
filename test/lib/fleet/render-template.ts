import type { PolicyDocument } from '../../../lib/fleet/identity/device-policy.ts';

/** What a truck gets by a provisioning template: Ref and Fn::Join are what ours uses ("Fleet provisioning", Intrinsic functions). */
export function renderTemplate(body: object, parameters: Readonly<Record<string, string>>) {
  const { Parameters, Resources } = body as {
    Parameters: Record<string, { Default?: string }>;
    Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
  };
  const render = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(render);
    if (typeof value !== 'object' || value === null) return value;
    if ('Ref' in value) {
      const found = parameters[String(value.Ref)] ?? Parameters[String(value.Ref)]?.Default;
      if (found === undefined) throw new Error(`${value.Ref} has no value`);
      return found;
    }
    if ('Fn::Join' in value) {
      const [separator, parts] = value['Fn::Join'] as [string, unknown[]];
      return parts.map(render).join(separator);
    }
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, render(member)]));
  };
  const rendered = render(Resources) as typeof Resources;
  const policies = Object.values(rendered)
    .filter(({ Type }) => Type === 'AWS::IoT::Policy')
    .map(({ Properties }) => String(Properties.PolicyDocument));
  return {
    thing: rendered.thing?.Properties ?? {},
    policies,
    documents: policies.map((text) => JSON.parse(text) as PolicyDocument),
  };
}
