import { presenceIn } from '../../../../lib/lab/cloud/presence.ts';

test.each([
  [
    "1732550400: New client connected from 127.0.0.1:40000 as truck-1 (p2, c1, k600, u'truck-1').",
    { clientId: 'truck-1', connected: true },
  ],
  ['1732550400: Client truck-1 disconnected.', { clientId: 'truck-1', connected: false }],
  ['1732550400: Client truck-1 closed its connection.', { clientId: 'truck-1', connected: false }],
  ['1732550400: Client truck-1 has exceeded timeout, disconnecting.', { clientId: 'truck-1', connected: false }],
  [
    '1732550400: Bad socket read/write on client truck-1: The connection was lost.',
    { clientId: 'truck-1', connected: false },
  ],
  ['1732550400: New connection from 127.0.0.1:40000 on port 8883.', null],
])('%s', (line, presence) => expect(presenceIn(line)).toEqual(presence));
