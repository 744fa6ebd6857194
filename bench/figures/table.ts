import { aimText, isMet } from './aims.ts';
import { type Figure, type Rival, ratio, typical } from './figure.ts';

export const HEAD = ['what', 'firebreak', 'against', 'takes', 'ratio', 'aim', ''] as const;

/** A row for each rival of each figure, and one for each thing that is counted. */
export function tableRows(figures: readonly Figure[]): readonly (readonly string[])[] {
  return figures.flatMap(figureRows);
}

function figureRows(figure: Figure): readonly (readonly string[])[] {
  const { what, own, unit, limit, rivals, counts } = figure;
  const rows = [
    ...(limit === undefined && rivals.length + counts.length > 0
      ? []
      : [
          [
            '',
            '',
            '',
            ...(limit === undefined
              ? ['', '']
              : [`${aimText(limit)} ${unit}`, mark(isMet(limit, typical(figure, own)))]),
          ],
        ]),
    ...rivals.map((rival) => rivalCells(figure, rival)),
    ...counts.map(({ what: kind, who, found, of, ours }) => [
      `${kind}, ${who}`,
      `${found} of ${of}`,
      '',
      ours ? '0' : '',
      ours ? mark(found === 0) : '',
    ]),
  ];
  return rows.map((cells, index) =>
    index === 0 ? [what, amount(typical(figure, own), unit), ...cells] : ['', '', ...cells],
  );
}

function rivalCells(figure: Figure, { name, samples, aim, remark }: Rival): readonly string[] {
  const times = ratio(figure, samples);
  return [
    remark === undefined ? name : `${name} (${remark})`,
    amount(typical(figure, samples), figure.unit),
    times.toPrecision(times < 0.1 ? 1 : times < 10 ? 3 : 2),
    aim === undefined ? '' : aimText(aim),
    aim === undefined ? '' : mark(isMet(aim, times)),
  ];
}

function mark(isGood: boolean): string {
  return isGood ? '✓' : '✗';
}

/** With about three digits and separators between thousands. */
function amount(value: number, unit: string): string {
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return `${value.toLocaleString('en-GB', { maximumFractionDigits: digits })} ${unit}`;
}
