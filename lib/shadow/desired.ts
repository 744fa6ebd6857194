import { createHash } from 'node:crypto';
import { canonicalText } from '../policy/canonical.ts';
import { type Checked, checkDocument, hasErrors, type Policy, type Problem } from '../policy/index.ts';
import { mergePolicy } from '../policy/merge.ts';
import { checkPlain, describeValue, isMap } from '../policy/plain.ts';
import { problemIn } from '../policy/problem-path.ts';
import { jsonBytes, MOST_DESIRED_BYTES, MOST_POLICY_BYTES } from './limits.ts';
import { unpack } from './packed.ts';
import { field, desired as say } from './problems.ts';

/**
 * `desired` of the shadow `network`: what a truck shall be. Exactly one of the first four.
 *
 * A shadow can't hold everything: null deletes a key, and so does an empty map; 8 KB and 6 levels are the end. The packed forms have no such
 * limits but size: base64 of gzip of the JSON document.
 */
export interface NetworkDesired {
  /** A whole policy document. */
  readonly policy?: Readonly<Record<string, unknown>>;
  readonly policyGzip?: string;
  /** What differs from the fleet's baseline (JSON merge patch, RFC 7396). A key is removed by null, so only the packed form can do that. */
  readonly patch?: Readonly<Record<string, unknown>>;
  readonly patchGzip?: string;
  /** Whom it is meant for; another truck refuses it. */
  readonly thing?: string;
  /** The policy's sequence number instead of its own. With it, a `desired` that is older than what was taken already is refused. */
  readonly sequence?: number;
}

const FORMS = ['policy', 'policyGzip', 'patch', 'patchGzip'] as const;
type Form = (typeof FORMS)[number];
const KEYS: readonly string[] = [...FORMS, 'thing', 'sequence'];

/** What a truck knows when it reads its `desired`. */
export interface DesiredContext {
  readonly thing: string;
  /** The fleet's baseline that came with the deployment: a policy document, not necessarily a complete one. */
  readonly baseline?: unknown;
  /** The sequence number of the policy that was last taken. */
  readonly lastSequence?: number;
}

/** What a `desired` comes to. `id`: 12 hexadecimal digits that follow from the section's content, whatever it is. */
export type Wish =
  /** There is none: whatever is in force stays. */
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'policy';
      readonly id: string;
      readonly policy: Policy;
      /** The effective policy document as JSON text. */
      readonly document: string;
      /** Warnings only. */
      readonly problems: readonly Problem[];
    }
  | { readonly kind: 'refused'; readonly id: string; readonly problems: readonly Problem[] };

/** Reads a `desired` section. It never throws: whatever is wrong is among the problems, each with its path from `desired` on. */
export function readDesired(section: unknown, context: DesiredContext): Wish {
  if (section === undefined || section === null) return { kind: 'nothing' };
  const id = wishId(section);
  const refused = (problems: readonly Problem[]): Wish => ({ kind: 'refused', id, problems });
  if (!isMap(section)) return refused([say.notAMap(describeValue(section))]);
  if (Object.keys(section).length === 0) return { kind: 'nothing' };
  const strange = Object.entries(section).flatMap(([key, value]) =>
    checkPlain(value).map((problem) => problemIn(field(key), problem)),
  );
  if (strange.length > 0) return refused(strange);
  const bytes = jsonBytes(section);
  if (bytes > MOST_DESIRED_BYTES) return refused([say.tooLarge(bytes, MOST_DESIRED_BYTES)]);

  const forms = FORMS.filter((form) => isSet(section[form]));
  const [form] = forms;
  const own = [...ownProblems(section, forms, context)];
  if (form === undefined || forms.length > 1) return refused(own);
  const { policy, problems: its, text } = effective(form, section, context);
  const problems = [...own, ...its];
  if (policy === undefined || text === undefined || hasErrors(problems)) return refused(problems);
  return { kind: 'policy', id, policy, document: text, problems };
}

function* ownProblems(
  section: Readonly<Record<string, unknown>>,
  forms: readonly Form[],
  { thing, lastSequence }: DesiredContext,
): Iterable<Problem> {
  for (const key of Object.keys(section)) if (!KEYS.includes(key)) yield say.unknownKey(key, KEYS);
  if (forms.length === 0) yield say.neither(FORMS);
  if (forms.length > 1) yield say.several(forms);
  if (isSet(section.thing) && section.thing !== thing) {
    yield typeof section.thing === 'string'
      ? say.anotherThing(section.thing, thing)
      : say.wrongType('thing', "a truck's thing name", describeValue(section.thing));
  }
  const sequence = sequenceOf(section);
  if (isSet(section.sequence) && sequence === undefined)
    yield say.wrongType('sequence', 'a whole number of at least 0', describeValue(section.sequence));
  if (sequence !== undefined && lastSequence !== undefined && sequence < lastSequence)
    yield say.old(sequence, lastSequence);
}

function sequenceOf({ sequence }: Readonly<Record<string, unknown>>): number | undefined {
  return typeof sequence === 'number' && Number.isSafeInteger(sequence) && sequence >= 0 ? sequence : undefined;
}

/** The policy in one of the four forms. */
function effective(
  form: Form,
  section: Readonly<Record<string, unknown>>,
  { baseline }: DesiredContext,
): Checked & { readonly text?: string } {
  const unpacked = unpacking(form, section[form]);
  if ('problem' in unpacked) return { problems: [unpacked.problem] };
  const sequence = sequenceOf(section);
  const counted = (document: unknown) =>
    isMap(document) && sequence !== undefined ? { ...document, sequence } : document;
  if (form === 'policy' || form === 'policyGzip') {
    const document = counted(unpacked.document);
    const { policy, problems } = checkDocument(document);
    const inside = problems.map((problem) => problemIn(field(form), problem));
    return { ...(policy && { policy, text: JSON.stringify(document) }), problems: inside };
  }
  if (!isSet(baseline)) return { problems: [say.noBaseline(form)] };
  const merged = mergePolicy(baseline, counted(unpacked.document), { baseline: 'baseline', patch: field(form) });
  const { policy, problems, document } = merged;
  return { ...(policy && { policy, text: JSON.stringify(document) }), problems };
}

function unpacking(form: Form, value: unknown): { readonly document: unknown } | { readonly problem: Problem } {
  if (form === 'policy' || form === 'patch') return { document: value };
  if (typeof value !== 'string') return { problem: say.wrongType(form, 'text', describeValue(value)) };
  try {
    return { document: unpack(value, MOST_POLICY_BYTES) };
  } catch (error) {
    return { problem: say.unreadable(form, error instanceof Error ? error.message : String(error)) };
  }
}

/** A shadow deletes what is null; whoever calls with it means the same. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** What a truck calls a `desired` section when it reports what came of it. */
export function wishId(section: unknown): string {
  return createHash('sha256').update(textOf(section)).digest('hex').slice(0, 12);
}

/** What is no JSON, or nested past the stack's end, is refused; all such have one identity. */
function textOf(section: unknown): string {
  try {
    return canonicalText(section) ?? 'unreadable';
  } catch {
    return 'unreadable';
  }
}
