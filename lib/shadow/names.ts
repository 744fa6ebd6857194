/** The named shadows of a truck: `network` is what is wished and what came of it, `isolation` is what was measured. */
export const SHADOWS = ['network', 'isolation'] as const;
export type ShadowName = (typeof SHADOWS)[number];

/** Where a truck publishes its whole matrix, in parts. What takes one part only is retained: who asks later has it at once. */
export const evidenceTopic = (thing: string): string => `firebreak/${thing}/isolation/evidence`;

/** What a truck says to itself, by way of the cloud: that it comes back proves the connection alive. */
export const echoTopic = (thing: string): string => `firebreak/${thing}/echo`;

/** A named shadow's topics begin with this (AWS IoT developer guide, "Device Shadow MQTT topics"). */
export const shadowTopic = (thing: string, shadow: ShadowName): string => `$aws/things/${thing}/shadow/name/${shadow}`;
