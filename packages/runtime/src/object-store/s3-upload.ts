import type { Client } from 'minio'

/** S3 wants parts of at least 5 MB, except for the last, and at most 10,000; so an object has at most 80 GB. */
const PART_BYTES = 8 * 1024 * 1024

export type UploadPlace = { client: Client; bucket: string; key: string }

/**
 * Stores a stream, in one request when it fits into one part, else in several; one part is in memory at a time. When the stream
 * breaks nothing is left. The client's own upload of streams crashes the process then, and mixes two uploads of one key.
 */
export async function uploadStream(
  { client, bucket, key }: UploadPlace,
  body: AsyncIterable<Uint8Array>,
  headers: Record<string, string>,
): Promise<void> {
  let uploadId: string | undefined
  const etags: { part: number; etag: string }[] = []
  try {
    for await (const { bytes, last } of inParts(body)) {
      if (last && !uploadId) {
        await client.putObject(bucket, key, bytes, bytes.length, { ...headers })
        return
      }
      uploadId ??= await client.initiateNewMultipartUpload(bucket, key, { ...headers })
      const part = etags.length + 1
      const query = `partNumber=${part}&uploadId=${encodeURIComponent(uploadId)}`
      const request = { method: 'PUT', bucketName: bucket, objectName: key, query, headers: {} }
      const response = await client.makeRequestAsyncOmit(request, bytes)
      etags.push({ part, etag: String(response.headers.etag).replaceAll('"', '') })
    }
    if (uploadId) await client.completeMultipartUpload(bucket, key, uploadId, etags)
  } catch (error) {
    // Parts without an end cost storage for ever; if this fails too, a lifecycle rule of the bucket is the last resort.
    if (uploadId) await client.abortMultipartUpload(bucket, key, uploadId).catch(() => {})
    throw error
  }
}

/** Cuts into pieces of one part's size; the last may be shorter, or empty when there is nothing else. */
async function* inParts(body: AsyncIterable<Uint8Array>): AsyncGenerator<{ bytes: Buffer; last: boolean }> {
  let waiting: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    waiting.push(chunk)
    length += chunk.length
    // One byte more than a part, so that something is left to be the last.
    while (length > PART_BYTES) {
      const all = Buffer.concat(waiting)
      yield { bytes: all.subarray(0, PART_BYTES), last: false }
      waiting = [all.subarray(PART_BYTES)]
      length -= PART_BYTES
    }
  }
  yield { bytes: Buffer.concat(waiting), last: true }
}
