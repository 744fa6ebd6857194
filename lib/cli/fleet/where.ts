import { depotGroup, INDEX_FIELDS, RINGS, ringGroup, thingType } from '../../fleet/names.ts';

/** Short names of fields of the fleet index. */
export const SHORT_NAMES = {
  ...INDEX_FIELDS,
  thing: 'thingName',
  group: 'thingGroupNames',
  connected: 'connectivity.connected',
} as const;

const FIELD = new RegExp(`(?<![\\w.])(${Object.keys(SHORT_NAMES).join('|')})(?=[:<>])`, 'g');
const RING = /(?<![\w.])ring:([\w-]+)/g;
const DEPOT = /(?<![\w.])depot:([\w-]+)/g;

/**
 * The query of the fleet index for trucks of the fleet that satisfy a condition: AWS IoT's query syntax, with short names for what trucks report.
 * @throws RangeError for a ring that there isn't
 */
export function trucksWhere(stage: string, condition?: string): string {
  const fleet = `thingTypeName:${thingType(stage)}`;
  if (condition === undefined || condition.trim() === '') return fleet;
  return `${fleet} AND (${outsideQuotes(condition, (text) => expanded(text, stage))})`;
}

function expanded(text: string, stage: string): string {
  return text
    .replace(RING, (_whole, name: string) => {
      const ring = RINGS.find((one) => one === name);
      if (ring === undefined) throw new RangeError(`there is no ring ${name}, but ${RINGS.join(', ')}`);
      return `thingGroupNames:${ringGroup(stage, ring)}`;
    })
    .replace(DEPOT, (_whole, name: string) => `thingGroupNames:${depotGroup(stage, name)}`)
    .replace(FIELD, (name) => SHORT_NAMES[name as keyof typeof SHORT_NAMES]);
}

/** What stands in quotes, or is escaped, is a value. */
function outsideQuotes(text: string, change: (part: string) => string): string {
  return text
    .split(/("(?:[^"\\]|\\.)*")/)
    .map((part, index) => (index % 2 === 0 ? change(part) : part))
    .join('');
}
