import {
  type Answer,
  deleteShadow,
  getShadow,
  type Limits,
  type Shadow,
  updateShadow,
} from '../../../../lib/lab/shadow/shadow.ts';

export const NOON = 1_767_268_800;

export const bytes = (document: unknown): Buffer =>
  Buffer.from(typeof document === 'string' ? document : JSON.stringify(document));

/** One shadow, and what happens to it. Time goes on by a second with each request. */
export function shadowOf(before?: Shadow) {
  let shadow = before;
  let now = NOON;
  const remember = (answer: Answer): Answer => {
    if (answer.accepted) shadow = answer.shadow;
    return answer;
  };
  return {
    get now() {
      return now;
    },
    get shadow() {
      return shadow;
    },
    pass: (seconds: number) => {
      now += seconds;
    },
    get: (document: unknown = '') => getShadow(shadow, 'network', bytes(document), ++now),
    update: (document: unknown, limits?: Limits) => remember(updateShadow(shadow, bytes(document), ++now, limits)),
    remove: (document: unknown = '') => remember(deleteShadow(shadow, 'network', bytes(document), ++now)),
  };
}
