import { decide, type Next, type Situation } from '../../../../components/network-manager/agent/decide.ts';
import type { WishAnswer } from '../../../../components/network-manager/agent/work.ts';
import { type Goal, NO_POLICY, type RolledBack } from '../../../../components/network-manager/checkpoint.ts';

const GOOD: Goal = { revision: '1-aaaaaaaaaaaa', document: '{"sequence":1}' };
const NEW: Goal = { revision: '2-bbbbbbbbbbbb', document: '{"sequence":2}' };
const OTHER: Goal = { revision: '3-cccccccccccc', document: '{"sequence":3}' };
const wishFor = ({ revision, document }: Goal): WishAnswer => ({
  kind: 'policy',
  id: `wish ${revision}`,
  document,
  problems: [],
  revision: { id: revision, sequence: 0, hash: '' },
});
const NOW = { boot: 'this', uptimeMs: 100_000 };
const DEADLINE = { boot: 'this', uptimeMs: 160_000 };
const pending = (goal: Goal) => ({ ...goal, provisional: { deadline: DEADLINE, state: 'pending' as const } });
const situation = (more: Partial<Situation>): Situation => ({
  wish: wishFor(NEW),
  fallback: { kind: 'nothing' },
  checkpoint: { ...NO_POLICY, good: GOOD },
  now: NOW,
  judgeable: null,
  sinceStartMs: 1000,
  failed: null,
  ...more,
});
const rolledBack = (fault: RolledBack['fault'], times = 1) =>
  situation({
    checkpoint: { ...NO_POLICY, good: GOOD, rolledBack: { revision: NEW.revision, why: 'so', fault, times } },
  });
const failed = (times: number, agoMs: number, id = `wish ${NEW.revision}`) =>
  situation({ failed: { id, times, agoMs, why: 'in the way' } });

test.each<[string, Situation, Partial<Next>]>([
  ['a new wish is applied', situation({}), { do: 'apply', goal: NEW }],
  ['the first one, too', situation({ checkpoint: NO_POLICY }), { do: 'apply', goal: NEW }],
  [
    'a bare truck becomes what the baseline says before it becomes anything else',
    situation({ checkpoint: NO_POLICY, fallback: wishFor(GOOD) }),
    { do: 'apply', goal: GOOD },
  ],
  [
    'also when its wish makes no sense',
    situation({ checkpoint: NO_POLICY, fallback: wishFor(GOOD), wish: { kind: 'refused', id: 'x', problems: [] } }),
    { do: 'apply', goal: GOOD },
  ],
  [
    'a baseline that was rolled back is not in the wish’s way',
    situation({
      checkpoint: { ...NO_POLICY, rolledBack: { revision: GOOD.revision, why: 'so', fault: 'policy', times: 1 } },
      fallback: wishFor(GOOD),
    }),
    { do: 'apply', goal: NEW },
  ],
  [
    'a baseline that can’t be applied is tried again with patience',
    situation({
      checkpoint: NO_POLICY,
      fallback: wishFor(GOOD),
      failed: { id: `wish ${NEW.revision}`, times: 1, agoMs: 1000, why: 'in the way' },
    }),
    { do: 'wait', milliseconds: 4000 },
  ],
  [
    'the baseline is nothing to a truck that has a policy',
    situation({ fallback: wishFor(OTHER) }),
    { do: 'apply', goal: NEW },
  ],
  ['what is in force is left alone', situation({ wish: wishFor(GOOD) }), { do: 'rest', status: 'applied' }],
  ['no wish leaves what is in force', situation({ wish: { kind: 'nothing' } }), { do: 'rest', status: 'applied' }],
  [
    'no wish and no policy is said',
    situation({ wish: { kind: 'nothing' }, checkpoint: NO_POLICY }),
    { do: 'rest', status: 'no-policy' },
  ],
  [
    'a refused wish changes nothing',
    situation({ wish: { kind: 'refused', id: 'x', problems: [] } }),
    { do: 'rest', status: 'refused' },
  ],
  [
    'a change of its own that is pending is settled',
    situation({ checkpoint: { ...NO_POLICY, good: GOOD, underway: pending(NEW) }, judgeable: NEW.revision }),
    { do: 'settle', goal: NEW, deadline: DEADLINE },
  ],
  [
    'one that somebody at the truck has made is waited for',
    situation({ checkpoint: { ...NO_POLICY, good: GOOD, underway: pending(NEW) } }),
    { do: 'wait', milliseconds: 61_000 },
  ],
  [
    'the newest wish is applied over its own pending change',
    situation({ checkpoint: { ...NO_POLICY, good: GOOD, underway: pending(GOOD) }, judgeable: GOOD.revision }),
    { do: 'apply', goal: NEW },
  ],
  [
    'a pending change is taken back when what was before is wished for again',
    situation({
      wish: wishFor(GOOD),
      checkpoint: { ...NO_POLICY, good: GOOD, underway: pending(NEW) },
      judgeable: NEW.revision,
    }),
    { do: 'apply', goal: GOOD },
  ],
  ['what was rolled back is not tried again', rolledBack('policy'), { do: 'rest', status: 'rolled-back', why: 'so' }],
  ['what was interrupted is', rolledBack('interruption', 2), { do: 'apply', goal: NEW }],
  ['what was interrupted often has to wait', rolledBack('interruption', 4), { do: 'wait', milliseconds: 19_000 }],
  ['what failed and changed nothing waits', failed(1, 1000), { do: 'wait', milliseconds: 4000, why: 'in the way' }],
  ['and is tried again', failed(1, 5000), { do: 'apply', goal: NEW }],
  ['with growing pauses', failed(3, 5000), { do: 'wait', milliseconds: 15_000 }],
  ['but not if something else is wished for', failed(3, 0, 'another'), { do: 'apply', goal: NEW }],
])('%s', (_what, given, expected) => {
  expect(decide(given)).toMatchObject(expected);
});
