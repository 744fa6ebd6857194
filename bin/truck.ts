import { commandsOf, ON_TRUCK } from '../lib/cli/commands-on-truck.ts';
import { main } from '../lib/cli/main.ts';

void main(process.argv, (word) => commandsOf(ON_TRUCK, word));
