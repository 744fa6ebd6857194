/**
 * Never "the internet": this network, private use, shared address space, loopback, link local, benchmarks, multicast, reserved
 * (RFC 6890, RFC 1918, RFC 6598, RFC 2544).
 */
export const NOT_INTERNET: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
];
