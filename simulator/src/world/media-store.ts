import { createHash } from 'node:crypto'

/** Encrypted files, as clients uploaded them or simulated phones made them. */
export interface MediaStore {
  /** Keeps a file and returns its key: the URL-safe base64 digest of the encrypted bytes. */
  put(bytes: Uint8Array): string
  get(key: string): Uint8Array | undefined
  /** Base URL of the plain-HTTP download endpoint; set when the media server listens. */
  baseUrl: string
  /** Host and port of the TLS endpoint for uploads. */
  uploadHost: string
  all(): [string, Uint8Array][]
  clear(): void
}

export const mediaKeyOf = (encryptedSha256: Uint8Array): string =>
  Buffer.from(encryptedSha256).toString('base64url')

export const createMediaStore = (): MediaStore => {
  const files = new Map<string, Uint8Array>()
  return {
    put(bytes) {
      const key = mediaKeyOf(createHash('sha256').update(bytes).digest())
      files.set(key, bytes)
      return key
    },
    get: (key) => files.get(key),
    baseUrl: '',
    uploadHost: '',
    all: () => [...files],
    clear: () => files.clear(),
  }
}
