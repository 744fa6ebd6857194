import { TRUCK_PREFIX } from '../names.ts';
import { componentsPolicy, nucleusPolicy, type PolicyDocument } from './device-policy.ts';

/** Stands for the serial number while a document is written; no JSON text has it. */
const SERIAL = '\u2039serial\u203a';

export interface TemplateOptions {
  /** The beginning of the account's IoT resources. */
  readonly arn: string;
  readonly roleAlias: string;
  readonly thingType: string;
  /** The groups of trucks that the allow-list says nothing about. */
  readonly defaultRing: string;
  readonly defaultDepot: string;
}

/**
 * The body of the provisioning template: a thing with its type, ring and depot, its certificate, and policies with its name written out. (Policy
 * variables of things have no value over HTTPS, which ShadowManager and Greengrass speak; the developer guide says so.)
 */
export function templateBody({ arn, roleAlias, thingType, defaultRing, defaultDepot }: TemplateOptions): object {
  const thing = `${TRUCK_PREFIX}${SERIAL}`;
  return {
    // A truck says its serial number only; whatever it says of ring and depot, the hook replaces.
    Parameters: {
      SerialNumber: { Type: 'String' },
      RingGroup: { Type: 'String', Default: defaultRing },
      DepotGroup: { Type: 'String', Default: defaultDepot },
      'AWS::IoT::Certificate::Id': { Type: 'String' },
    },
    Resources: {
      thing: {
        Type: 'AWS::IoT::Thing',
        Properties: {
          ThingName: withSerial(thing),
          ThingTypeName: thingType,
          ThingGroups: [{ Ref: 'RingGroup' }, { Ref: 'DepotGroup' }],
          AttributePayload: { serial: { Ref: 'SerialNumber' } },
        },
        OverrideSettings: { AttributePayload: 'MERGE', ThingTypeName: 'REPLACE', ThingGroups: 'REPLACE' },
      },
      certificate: {
        Type: 'AWS::IoT::Certificate',
        Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'Active' },
      },
      components: policyResource(componentsPolicy(thing, arn)),
      nucleus: policyResource(nucleusPolicy(thing, arn, roleAlias)),
    },
  };
}

function policyResource(document: PolicyDocument): object {
  return { Type: 'AWS::IoT::Policy', Properties: { PolicyDocument: withSerial(JSON.stringify(document)) } };
}

/** The text, with a reference to the parameter wherever the serial number belongs. */
function withSerial(text: string): object {
  const pieces = text
    .split(SERIAL)
    .flatMap((piece, index) => (index === 0 ? [piece] : [{ Ref: 'SerialNumber' }, piece]));
  return { 'Fn::Join': ['', pieces.filter((piece) => piece !== '')] };
}
