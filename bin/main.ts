import { commandsFor } from '../lib/cli/commands.ts';
import { main } from '../lib/cli/main.ts';

void main(process.argv, commandsFor);
