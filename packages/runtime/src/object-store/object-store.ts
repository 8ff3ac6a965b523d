import type { Readable } from 'node:stream'

export type PutOptions = {
  contentType: string
  /** Bytes, when they are known: a stream of another length is then refused. */
  size?: number
  /** Kept beside the object; names in lower case, ASCII values. */
  metadata?: Readonly<Record<string, string>>
}

export type ObjectInfo = {
  /** Bytes of the whole object. */
  size: number
  contentType: string
  metadata: Record<string, string>
}

/** Bytes from `start` to `end`, both included; without `end` to the last. */
export type ByteRange = { start: number; end?: number }

export type StoredObject = ObjectInfo & {
  /** The object's bytes, or those of the range. Must be read or destroyed. */
  stream: Readable
}

/** What someone who may upload needs: one request with this method, to this URL, with these headers, the bytes as body. */
export type UploadTarget = { method: 'PUT'; url: string; headers: Record<string, string> }

/**
 * Where media lie. Keys are paths of segments such as `acme/sales/01J.jpg`, see `assertObjectKey`. Objects are private; who has
 * no access gets a URL that is valid for one object and a while.
 */
export type ObjectStore = {
  /** Checks that the store can be used, and makes the private bucket or folder when missing. */
  start(): Promise<void>
  /** Stores all or nothing, in place of what was there. A stream is not held in memory. Resolves to the size in bytes. */
  put(key: string, body: Readable | Uint8Array, options: PutOptions): Promise<{ size: number }>
  /** @throws ObjectStoreError `not_found`, or `invalid_range` when the object has no such bytes. */
  get(key: string, options?: { range?: ByteRange }): Promise<StoredObject>
  /** Undefined when there is no such object. */
  stat(key: string): Promise<ObjectInfo | undefined>
  /** Also fine when there is none. */
  delete(key: string): Promise<void>
  /** A URL that shows the object, or with `filename` downloads it under that name. At most 7 days. */
  presignGet(
    key: string,
    options: { expiresSeconds: number; filename?: string; contentType?: string },
  ): Promise<string>
  /** A URL that takes an upload of exactly this type and number of bytes. At most 7 days. */
  presignPut(
    key: string,
    options: { expiresSeconds: number; contentType: string; bytes: number },
  ): Promise<UploadTarget>
}

export type ObjectStoreErrorCode = 'not_found' | 'invalid_key' | 'invalid_range' | 'size_mismatch'

export class ObjectStoreError extends Error {
  override name = 'ObjectStoreError'
  readonly code: ObjectStoreErrorCode
  constructor(code: ObjectStoreErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

const SEGMENT = /^[A-Za-z0-9_=@+.-]{1,200}$/

/**
 * Keys that mean the same for S3, a file system and a URL: segments of letters, digits and `_ = @ + . -`, separated by single
 * slashes, none of them `.` or `..`, 900 characters at most. Do not let one key continue another (`a` and `a/b`): S3 servers on
 * file systems refuse the second.
 *
 * @throws ObjectStoreError `invalid_key`
 */
export function assertObjectKey(key: string): void {
  const fine = key.split('/').every((part) => SEGMENT.test(part) && part !== '.' && part !== '..')
  if (!fine || key.length > 900)
    throw new ObjectStoreError('invalid_key', `not a key: ${JSON.stringify(key)}`)
}

/** `attachment` with the name in the form that every browser understands and nothing can be injected into (RFC 6266). */
export function attachment(filename: string): string {
  const ascii = filename.replaceAll(/[^\w.() -]/g, '_')
  const encoded = encodeURIComponent(filename).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`
}
