import type { Account } from '../account.ts';
import { pageOf } from '../page.ts';

/** An answer of S3, whose bodies are no JSON. */
export interface BucketReply {
  readonly status: number;
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** Is the request signed for S3? Its paths could be anybody's. */
export const isForBuckets = (authorization: string | undefined): boolean =>
  /Credential=[^,]+\/s3\/aws4_request/.test(authorization ?? '');

/** As much of S3 as an archive's reader needs (its API reference): ListObjectsV2 and GetObject, buckets as the first part of the path. */
export function answerBuckets(method: string, target: string, { buckets }: Account): BucketReply {
  const { pathname, searchParams } = new URL(target, 'https://cloud');
  const [, bucketName = '', key = ''] = /^\/([^/]+)\/?(.*)$/.exec(pathname) ?? [];
  if (method !== 'GET') return refused(405, 'MethodNotAllowed', 'The specified method is not allowed.');
  const bucket = buckets.get(bucketName);
  if (bucket === undefined) return refused(404, 'NoSuchBucket', 'The specified bucket does not exist');
  if (key === '') return list(bucketName, bucket, searchParams);
  const bytes = bucket.get(decodeURIComponent(key));
  if (bytes === undefined) return refused(404, 'NoSuchKey', 'The specified key does not exist.');
  return { status: 200, contentType: 'binary/octet-stream', bytes };
}

const LARGEST_PAGE = 1000;

function list(name: string, bucket: ReadonlyMap<string, Buffer>, query: URLSearchParams): BucketReply {
  const prefix = query.get('prefix') ?? '';
  const size = Math.min(Number(query.get('max-keys') ?? LARGEST_PAGE), LARGEST_PAGE);
  const token = query.get('continuation-token') ?? undefined;
  const keys = [...bucket.keys()].filter((key) => key.startsWith(prefix)).sort();
  let page: ReturnType<typeof pageOf<string>>;
  try {
    page = pageOf(keys, (key) => key, { size, token });
  } catch {
    return refused(400, 'InvalidArgument', 'The continuation token provided is incorrect');
  }
  const contents = page.items.map(
    (key) => `<Contents><Key>${escaped(key)}</Key><Size>${bucket.get(key)?.length ?? 0}</Size></Contents>`,
  );
  const more = page.nextToken === undefined ? '' : `<NextContinuationToken>${page.nextToken}</NextContinuationToken>`;
  return xml(
    200,
    `<ListBucketResult><Name>${escaped(name)}</Name><Prefix>${escaped(prefix)}</Prefix><KeyCount>${page.items.length}</KeyCount>` +
      `<IsTruncated>${page.nextToken !== undefined}</IsTruncated>${more}${contents.join('')}</ListBucketResult>`,
  );
}

const refused = (status: number, code: string, message: string): BucketReply =>
  xml(status, `<Error><Code>${code}</Code><Message>${message}</Message></Error>`);

function xml(status: number, body: string): BucketReply {
  const bytes = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`);
  return { status, contentType: 'application/xml', bytes };
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
