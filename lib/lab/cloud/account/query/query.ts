/** A query of the fleet index, parsed (AWS IoT developer guide, "Query syntax"). */
export type Query =
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Query[] }
  | { readonly kind: 'not'; readonly part: Query }
  /** `field` undefined: any field. `pattern` is in lower case; `*` and `?` are wildcards unless `literal`. */
  | { readonly kind: 'term'; readonly field?: string; readonly pattern: string; readonly literal: boolean }
  | { readonly kind: 'range'; readonly field?: string; readonly from?: Bound; readonly to?: Bound };

export interface Bound {
  readonly value: string;
  readonly inclusive: boolean;
}
