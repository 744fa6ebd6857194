import { Command } from 'commander';
import { readLeaseFile } from '../../components/network-manager/lease-files.ts';
import { addressServices } from '../truck/address-service.ts';
import { type Holding, holdings, parseLeases } from '../truck/leases.ts';
import { goalInForce } from './goal-in-force.ts';
import { paint, print, printJson, remark } from './output.ts';
import { policyOf } from './read-policy.ts';
import { table } from './table.ts';
import { jsonOption, openTruck, type TruckOptions, truckOptions } from './truck-options.ts';

export function leasesCommand(): Command {
  const command = new Command('leases')
    .description('who has which address: all that the DHCP servers keep for somebody or have given to somebody')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sudo firebreak leases')
    .action(async (options: TruckOptions & { readonly json: boolean }) => {
      const { state } = openTruck(options);
      const { revision, document } = await goalInForce(state.checkpoint);
      const services = addressServices(policyOf(document, 'the policy in force'));
      const all = await Promise.all(
        services.map(async (service) => {
          const { leases, unreadable } = parseLeases(await readLeaseFile(state.leases, service.segment));
          for (const line of unreadable) remark(`${paint('red', 'no lease')} in segment ${service.segment}: ${line}`);
          return holdings(service, leases);
        }),
      );
      if (options.json) printJson({ revision, leases: all.flat() });
      else print(services.length === 0 ? 'the router serves DHCP in no segment' : showLeases(all.flat()));
    });
  for (const option of truckOptions()) command.addOption(option);
  return command;
}

function showLeases(all: readonly Holding[]): string {
  return table(
    ['segment', 'address', 'MAC address', 'name', 'kind', 'leased until'],
    all.map(({ segment, address, mac, name, kind, lease }) => [
      segment,
      address,
      mac,
      name ?? '',
      kind === 'stranger' ? paint('bold', kind) : kind,
      lease === undefined ? '(reserved)' : (lease.expires ?? 'for ever'),
    ]),
  );
}
