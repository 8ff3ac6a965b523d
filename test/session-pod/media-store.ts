/** An object store behind signed URLs, as the API tier answers for it. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CHANNELS, type MediaRequest } from '@warren/contracts'
import type { Cleanup } from '@warren/runtime/testing'
import type { Rig } from './rig.ts'

export async function startMediaStore(file: Cleanup, { bus }: Pick<Rig, 'bus'>) {
  const objects = new Map<string, Buffer>()
  const store = createServer(async (request, response) => {
    const key = decodeURIComponent(request.url?.slice(1) ?? '')
    if (request.method === 'PUT') objects.set(key, Buffer.concat(await request.toArray()))
    const found = objects.get(key)
    response.writeHead(found ? 200 : 404).end(request.method === 'GET' ? found : undefined)
  }).listen(0, '127.0.0.1')
  await once(store, 'listening')
  file.after(() => void store.close())
  const base = `http://127.0.0.1:${(store.address() as AddressInfo).port}`
  return {
    objects,
    /** From now on sessions that ask get their URLs. */
    serve: () =>
      bus.serve(CHANNELS.media, (given) => {
        const request = given as MediaRequest
        const key = request.op === 'download' ? request.key : `${request.instance}/${request.messageId}`
        return { url: `${base}/${encodeURIComponent(key)}`, key }
      }),
  }
}
