import * as z from 'zod';

/** An IPv4 address in dotted notation. */
export const ipv4 = () => z.ipv4({ error: 'an IPv4 address such as 10.0.1.3' });
