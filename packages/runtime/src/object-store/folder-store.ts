import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  assertObjectKey,
  type ByteRange,
  type ObjectInfo,
  type ObjectStore,
  ObjectStoreError,
} from './object-store.ts'
import type { UrlSigner } from './url-signer.ts'

/**
 * A file is a line of JSON with type and metadata, and then the bytes. One file and no sidecar, because then a rename replaces
 * both at once.
 */
type Header = Pick<ObjectInfo, 'contentType' | 'metadata'>
const MAX_HEADER_BYTES = 16 * 1024

/** Objects as files under `root`, for one machine. URLs are signed by `signer` and served by `createSignedBlobHandler`. */
export function createFolderStore({ root, signer }: { root: string; signer: UrlSigner }): ObjectStore {
  const incoming = join(root, 'incoming')

  function fileOf(key: string): string {
    assertObjectKey(key)
    // No segment contains "~", so the file of `a` is never the folder of `a/b`.
    return `${join(root, 'objects', key)}~`
  }

  return {
    async start() {
      // What was unfinished at a crash.
      await rm(incoming, { recursive: true, force: true })
      await mkdir(incoming, { recursive: true })
    },

    async put(key, body, { contentType, size, metadata = {} }) {
      const file = fileOf(key)
      const header: Header = { contentType, metadata }
      const headerBytes = Buffer.from(`${JSON.stringify(header)}\n`)
      if (headerBytes.length > MAX_HEADER_BYTES) throw new RangeError('more than 16 KiB of metadata')
      const temporary = join(incoming, randomUUID())
      try {
        const output = createWriteStream(temporary, { flags: 'wx', mode: 0o600, flush: true })
        output.write(headerBytes)
        await pipeline(body instanceof Uint8Array ? Readable.from([body]) : body, output)
        const written = output.bytesWritten - headerBytes.length
        if (size !== undefined && written !== size)
          throw new ObjectStoreError('size_mismatch', `${written} bytes came where ${size} were announced`)
        await mkdir(dirname(file), { recursive: true })
        await rename(temporary, file)
        return { size: written }
      } finally {
        await rm(temporary, { force: true })
      }
    },

    async get(key, { range } = {}) {
      const file = fileOf(key)
      const found = await readHeader(file)
      if (!found) throw new ObjectStoreError('not_found', `there is no ${key}`)
      const { offset, info } = found
      const { start, end } = range ? checkRange(range, info.size) : { start: 0, end: info.size - 1 }
      const stream =
        end < start ? Readable.from([]) : createReadStream(file, { start: offset + start, end: offset + end })
      return { ...info, stream }
    },

    stat: async (key) => (await readHeader(fileOf(key)))?.info,
    delete: (key) => rm(fileOf(key), { force: true }),

    async presignGet(key, { expiresSeconds, filename, contentType }) {
      assertObjectKey(key)
      return signer.sign('GET', key, expiresSeconds, {
        ...(filename === undefined ? {} : { filename }),
        ...(contentType === undefined ? {} : { type: contentType }),
      })
    },

    async presignPut(key, { expiresSeconds, contentType, bytes }) {
      assertObjectKey(key)
      const url = signer.sign('PUT', key, expiresSeconds, { type: contentType, bytes: String(bytes) })
      return { method: 'PUT', url, headers: { 'content-type': contentType } }
    },
  }
}

async function readHeader(file: string): Promise<{ offset: number; info: ObjectInfo } | undefined> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
  if (!handle) return undefined
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_HEADER_BYTES), 0, MAX_HEADER_BYTES, 0)
    const offset = buffer.subarray(0, bytesRead).indexOf('\n') + 1
    const header: Header = JSON.parse(buffer.toString('utf8', 0, offset))
    return { offset, info: { ...header, size: (await handle.stat()).size - offset } }
  } finally {
    await handle.close()
  }
}

function checkRange({ start, end }: ByteRange, size: number): { start: number; end: number } {
  if (start >= size || (end !== undefined && end < start))
    throw new ObjectStoreError('invalid_range', `no bytes ${start}-${end ?? ''} among ${size}`)
  return { start, end: Math.min(end ?? size - 1, size - 1) }
}
