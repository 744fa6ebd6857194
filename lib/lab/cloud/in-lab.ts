import { join } from 'node:path';
import type { Machine } from '../machine/machine.ts';
import { namespaceOf } from '../topology.ts';
import { Cloud } from './cloud.ts';

/** Of TEST-NET-2 (RFC 5737): public to every policy, and nobody's. */
const ADDRESS = '198.51.100.10';

/** What there is of a lab where the cloud is to run. */
interface Place {
  readonly machine: Machine;
  readonly lab: string;
  /** Of the lab in the machine. */
  readonly directory: string;
  /** Directory that `npm run build` made of the command line; the cloud's program lies beside it. */
  readonly build: string;
}

/** The cloud in a lab's internet, whether it runs or not. */
export function cloudInLab({ machine, lab, directory, build }: Place): Cloud {
  return new Cloud({
    ...{ machine, directory: join(directory, 'cloud'), host: ADDRESS },
    netns: `/run/netns/${namespaceOf(lab, 'internet')}`,
    program: join(build, '..', 'cloud', 'cloud.cjs'),
  });
}
