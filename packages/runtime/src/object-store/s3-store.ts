import { Client } from 'minio'
import type { Clock } from '../clock/index.ts'
import {
  assertObjectKey,
  attachment,
  type ObjectInfo,
  type ObjectStore,
  ObjectStoreError,
} from './object-store.ts'
import { presignV4 } from './presign-v4.ts'
import { uploadStream } from './s3-upload.ts'

export type S3StoreOptions = {
  /** Where this process reaches it, e.g. `http://minio:9000`. */
  endpoint: string
  /** Where users reach it, for presigned URLs; the same unless told. */
  publicEndpoint?: string
  accessKey: string
  secretKey: string
  bucket: string
  /** `us-east-1` unless told, which is what everything but AWS expects. */
  region?: string
  clock: Clock
}

const MAX_EXPIRES_SECONDS = 7 * 24 * 3600

/** Objects in a bucket of anything that speaks S3. */
export function createS3Store(options: S3StoreOptions): ObjectStore {
  const { bucket, region = 'us-east-1', publicEndpoint = options.endpoint, clock } = options
  const client = clientFor(options.endpoint)
  const publicClient = clientFor(publicEndpoint)

  function clientFor(endpoint: string): Client {
    const url = new URL(endpoint)
    return new Client({
      endPoint: url.hostname,
      ...(url.port ? { port: Number(url.port) } : {}),
      useSSL: url.protocol === 'https:',
      accessKey: options.accessKey,
      secretKey: options.secretKey,
      region,
      pathStyle: true,
    })
  }

  async function stat(key: string): Promise<ObjectInfo | undefined> {
    assertObjectKey(key)
    try {
      const { size, metaData } = await client.statObject(bucket, key)
      const { 'content-type': contentType = 'application/octet-stream', ...metadata } = metaData
      return { size, contentType, metadata: ownMetadata(metadata) }
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  return {
    async start() {
      if (await client.bucketExists(bucket)) return
      // A bucket is private unless a policy opens it. Another process may be making it at this moment.
      await client.makeBucket(bucket, region).catch((error) => {
        if (codeOf(error) !== 'BucketAlreadyOwnedByYou') throw error
      })
    },

    async put(key, body, { contentType, size, metadata = {} }) {
      assertObjectKey(key)
      let written = 0
      async function* counted() {
        for await (const chunk of body instanceof Uint8Array ? [body] : body) {
          written += chunk.length
          yield chunk
        }
        if (size !== undefined && written !== size)
          throw new ObjectStoreError('size_mismatch', `${written} bytes came where ${size} were announced`)
      }
      const own = Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])
      const headers = { ...Object.fromEntries(own), 'content-type': contentType }
      await uploadStream({ client, bucket, key }, counted(), headers)
      return { size: written }
    },

    async get(key, { range } = {}) {
      const info = await stat(key)
      if (!info) throw new ObjectStoreError('not_found', `there is no ${key}`)
      if (!range) return { ...info, stream: await client.getObject(bucket, key) }
      const { start, end } = range
      if (start >= info.size || (end !== undefined && end < start))
        throw new ObjectStoreError('invalid_range', `no bytes ${start}-${end ?? ''} among ${info.size}`)
      const length = end === undefined ? 0 : end - start + 1
      return { ...info, stream: await client.getPartialObject(bucket, key, start, length) }
    },

    stat,

    async delete(key) {
      assertObjectKey(key)
      await client.removeObject(bucket, key)
    },

    async presignGet(key, { expiresSeconds, filename, contentType }) {
      assertObjectKey(key)
      return publicClient.presignedGetObject(bucket, key, expiresSeconds, {
        ...(filename === undefined ? {} : { 'response-content-disposition': attachment(filename) }),
        ...(contentType === undefined ? {} : { 'response-content-type': contentType }),
      })
    },

    async presignPut(key, { expiresSeconds, contentType, bytes }) {
      assertObjectKey(key)
      if (!(expiresSeconds > 0 && expiresSeconds <= MAX_EXPIRES_SECONDS))
        throw new RangeError('a signed URL is valid for 1 second to 7 days')
      const base = publicEndpoint.replace(/\/+$/, '')
      const target = new URL(`${base}/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`)
      const headers = { 'content-type': contentType, 'content-length': String(bytes) }
      const { accessKey, secretKey } = options
      const now = clock.now()
      const url = presignV4('PUT', target, headers, expiresSeconds, { accessKey, secretKey, region, now })
      return { method: 'PUT', url, headers: { 'content-type': contentType } }
    },
  }
}

/** The client shows its own headers among the metadata. */
function ownMetadata(given: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) =>
      /^(x-amz-|content-|cache-control|expires|etag)/.test(name) ? [] : [[name, String(value)]],
    ),
  )
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

function isNotFound(error: unknown): boolean {
  return codeOf(error) === 'NotFound' || codeOf(error) === 'NoSuchKey'
}
