import { stringify } from 'yaml';
import type { EffectiveField } from '../policy/effective-fields.ts';
import { pathText } from '../policy/problems.ts';
import { paint } from './output.ts';

/** An effective policy for people, as YAML with a mark before each line: + the truck's, - removed by the truck, nothing: the baseline's. */
export function showEffective(fields: readonly EffectiveField[]): string {
  const lines: string[] = [];
  let above: readonly string[] = [];
  for (const field of fields) {
    const keys = field.path.map(String);
    const maps = keys.slice(0, -1);
    const known = maps.findIndex((key, level) => key !== above[level]);
    const first = known === -1 ? maps.length : known;
    for (const [level, key] of [...maps.entries()].slice(first)) {
      const within = fields.filter(({ path }) =>
        maps.slice(0, level + 1).every((wanted, index) => path[index] === wanted),
      );
      lines.push(marked(markOf(within), `${'  '.repeat(level)}${keyText(key)}:`));
    }
    above = maps;
    lines.push(
      marked(markOf([field]), `${'  '.repeat(maps.length)}${keyText(keys.at(-1) ?? '')}: ${valueText(field)}`),
    );
  }
  return lines.join('\n');
}

type Mark = '+' | '-' | ' ';

/** Of a map: what all that is in it has in common. */
function markOf(fields: readonly EffectiveField[]): Mark {
  if (fields.every(({ value }) => value === undefined)) return '-';
  return fields.every(({ origin }) => origin === 'truck') ? '+' : ' ';
}

function marked(mark: Mark, text: string): string {
  if (mark === ' ') return `  ${text}`;
  return paint(mark === '+' ? 'green' : 'red', `${mark} ${text}`);
}

function valueText({ value, was }: EffectiveField): string {
  if (value === undefined) return scalarText(was);
  return was === undefined
    ? scalarText(value)
    : `${scalarText(value)} ${paint('dim', `# baseline: ${scalarText(was)}`)}`;
}

/** In flow style: what there was may be a whole map. */
function scalarText(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}

const keyText = (key: string): string => (pathText([key]) === key ? key : JSON.stringify(key));
