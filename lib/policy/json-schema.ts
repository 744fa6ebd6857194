import * as z from 'zod';
import { PolicyDocument } from './schema.ts';

/**
 * The shape of a policy document as JSON Schema, for editors: with it they complete, explain and underline while one writes.
 * Draft 7, which every editor and validator understands. Fields with a default are optional.
 */
export function policyJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(PolicyDocument, { target: 'draft-7', io: 'input' });
}
