/** What is wrong with a recipe, and where. */
export interface RecipeProblem {
  /** Dotted, such as Manifests.0.Lifecycle.run; `recipe` is all of it. */
  readonly path: string;
  readonly message: string;
}
