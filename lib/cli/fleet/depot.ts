import { InvalidArgumentError } from 'commander';
import { DEPOT_PATTERN } from '../../fleet/names.ts';

export function depot(text: string): string {
  if (new RegExp(DEPOT_PATTERN).test(text)) return text;
  throw new InvalidArgumentError('It has 1 to 24 small letters, digits and hyphens.');
}
