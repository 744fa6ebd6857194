import { gunzipSync } from 'node:zlib';
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { CloudError } from '../../truck/cloud.ts';
import { cloudErrorOf } from '../../truck/rest-shadows.ts';
import type { FleetArchive } from '../cloud.ts';
import { asked } from './index-search.ts';

/** Firehose's objects are at most some MB; what unpacks to more is none. */
const MOST_BYTES = 512 * 1024 * 1024;

export function fleetArchive(s3: S3Client): FleetArchive {
  return {
    objects: (bucket, folder) => objects(s3, bucket, folder),
    read: async (Bucket, Key) => {
      const { Body } = await asked(s3.send(new GetObjectCommand({ Bucket, Key })));
      if (Body === undefined) throw new CloudError('refused', `the cloud gives nothing of ${Key}`);
      const bytes = Buffer.from(await asked(Body.transformToByteArray()));
      if (!Key.endsWith('.gz')) return bytes.toString();
      try {
        return gunzipSync(bytes, { maxOutputLength: MOST_BYTES }).toString();
      } catch (error) {
        throw new CloudError('refused', `${Key} can't be unpacked: ${error instanceof Error ? error.message : error}`);
      }
    },
  };
}

async function* objects(s3: S3Client, Bucket: string, Prefix: string): ReturnType<FleetArchive['objects']> {
  try {
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket, Prefix })) {
      for (const { Key } of Contents) if (Key !== undefined) yield Key;
    }
  } catch (error) {
    throw cloudErrorOf(error);
  }
}
