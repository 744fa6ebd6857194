import { setFlagsFromString } from 'node:v8';
import { main } from '../lib/cli/main.ts';
import { watchCommand } from '../lib/cli/watch.ts';

// A bundle of its own: whoever runs for months doesn't hold the code of all other commands in memory. Nor what the optimising compiler needs,
// 5 MB, for one that mostly waits.
setFlagsFromString('--no-opt');
void main(process.argv, () => Promise.resolve([watchCommand()]));
