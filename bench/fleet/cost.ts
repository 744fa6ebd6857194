import type { Hour } from './traffic.ts';

/** Prices of AWS's services, in `currency`. */
export interface Prices {
  readonly currency: string;
  readonly perMillionMinutesConnected: number;
  readonly perMillionMessages: number;
  readonly messageBytes: number;
  readonly perMillionShadowOperations: number;
  readonly shadowOperationBytes: number;
  readonly perMillionRulesTriggered: number;
  readonly perMillionActions: number;
  readonly perMillionIndexUpdates: number;
  readonly indexUpdateBytes: number;
  readonly greengrassPerDeviceAndMonth: number;
  readonly perGigabyteDelivered: number;
  readonly deliveredRecordBytes: number;
  readonly perGigabyteStoredAndMonth: number;
}

/** What a truck costs a month, by what is paid for. */
export type Cost = Readonly<
  Record<'greengrass' | 'connection' | 'messages' | 'shadows' | 'index' | 'rules' | 'archive', number>
>;

const HOURS = 30 * 24;
const MILLION = 1e6;
/** Evidence is kept so long: what a bucket holds in the long run. */
const MONTHS_KEPT = 12;

/**
 * What a truck that is connected all month and reports every hour costs. Pure. Paid for are (AWS IoT Core, "Additional metering details") what is
 * published, what is delivered and, before MQTT 5, each acknowledgement of a delivery; a shadow's messages are taken to be paid as messages and as
 * operations: where AWS charges them once, it is less.
 */
export function monthlyCost(hour: Hour, prices: Prices): Cost {
  const units = (bytes: number, size: number) => Math.ceil(bytes / size);
  const messages =
    units(hour.update.bytes, prices.messageBytes) +
    // Its answer, and the truck's acknowledgement.
    units(hour.answer.bytes, prices.messageBytes) +
    1 +
    units(hour.evidence.bytes, prices.messageBytes);
  const millions = (count: number) => (count * HOURS) / MILLION;
  const delivered = units(hour.evidence.bytes, prices.deliveredRecordBytes) * prices.deliveredRecordBytes * HOURS;
  const gigabytes = (bytes: number) => bytes / 1e9;
  return {
    greengrass: prices.greengrassPerDeviceAndMonth,
    connection: millions(60) * prices.perMillionMinutesConnected,
    messages: millions(messages) * prices.perMillionMessages,
    shadows: millions(units(hour.update.bytes, prices.shadowOperationBytes)) * prices.perMillionShadowOperations,
    index: millions(units(hour.update.bytes, prices.indexUpdateBytes)) * prices.perMillionIndexUpdates,
    // The shadow's change and the evidence, each with a rule and an action.
    rules: millions(2) * (prices.perMillionRulesTriggered + prices.perMillionActions),
    archive:
      gigabytes(delivered) * prices.perGigabyteDelivered +
      gigabytes(hour.evidence.bytes * HOURS * MONTHS_KEPT) * prices.perGigabyteStoredAndMonth,
  };
}

export const total = (cost: Cost): number => Object.values(cost).reduce((sum, part) => sum + part, 0);
