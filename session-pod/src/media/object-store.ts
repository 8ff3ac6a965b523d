/** The object store as a pod sees it: through URLs that the API tier signs. */
import { CHANNELS, type MediaRequest, type MediaResponse, WarrenError } from '@warren/contracts'
import type { Bus } from '@warren/runtime/bus'

export type ObjectStore = {
  /** @throws WarrenError `media_unavailable` when there is no such object; `dependency_unavailable` while it cannot be asked */
  download(key: string): Promise<Buffer>
  /** @returns the object's key. @throws WarrenError `dependency_unavailable` */
  upload(messageId: string, mimetype: string, bytes: Buffer): Promise<string>
}

const SIGN_MS = 10_000
const TRANSFER_MS = 60_000

export function createObjectStore(options: {
  bus: Bus
  organization: string
  instance: string
}): ObjectStore {
  const { bus, organization, instance } = options

  async function sign(request: MediaRequest): Promise<MediaResponse> {
    try {
      return (await bus.call(CHANNELS.media, request, { timeoutMs: SIGN_MS })) as MediaResponse
    } catch (cause) {
      throw new WarrenError('dependency_unavailable', 'no URL for the media', { cause })
    }
  }

  async function transfer(url: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(url, { ...init, signal: AbortSignal.timeout(TRANSFER_MS) })
    } catch (cause) {
      throw new WarrenError('dependency_unavailable', 'the object store does not answer', { cause })
    }
  }

  return {
    async download(key) {
      const { url } = await sign({ op: 'download', organization, key })
      const response = await transfer(url, {})
      if (response.status === 404 || response.status === 410) throw new WarrenError('media_unavailable')
      if (!response.ok)
        throw new WarrenError('dependency_unavailable', `the object store answered ${response.status}`)
      return Buffer.from(await response.arrayBuffer())
    },
    async upload(messageId, mimetype, bytes) {
      const { url, key, headers } = await sign({
        op: 'upload',
        organization,
        instance,
        messageId,
        mimetype,
        size: bytes.length,
      })
      const response = await transfer(url, {
        method: 'PUT',
        headers: headers ?? { 'content-type': mimetype },
        body: new Uint8Array(bytes),
      })
      if (!response.ok)
        throw new WarrenError('dependency_unavailable', `the object store answered ${response.status}`)
      return key
    },
  }
}
