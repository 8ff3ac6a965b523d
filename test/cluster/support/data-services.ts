/** MongoDB, Redis and an S3 server for the cluster's pods: started on the loopback interface, and reachable at the node's address. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { type Cleanup, withMongo, withRedis, withS3 } from '@warren/runtime/testing'
import { HOST_IP } from './layout.ts'

export type DataServices = {
  readonly mongodbUri: string
  readonly redisUrl: string
  readonly s3: { readonly endpoint: string; readonly accessKey: string; readonly secretKey: string }
}

export async function startDataServices(test: Cleanup): Promise<DataServices> {
  const { uri } = await withMongo(test)
  const redis = await withRedis(test)
  const { endpoint, accessKey, secretKey } = await withS3(test)
  return {
    mongodbUri: await reachable(test, uri),
    redisUrl: await reachable(test, redis),
    s3: { endpoint: await reachable(test, endpoint), accessKey, secretKey },
  }
}

/** The same URL at an address that pods reach: each connection is passed on byte by byte. */
async function reachable(test: Cleanup, url: string): Promise<string> {
  const { host } = /@?(?<host>127\.0\.0\.1:\d+)/.exec(url)?.groups ?? {}
  if (!host) throw new Error('the data service is not one that was started here')
  const port = Number(host.split(':')[1])
  const server = createServer((client) => {
    const service = connect(port, '127.0.0.1')
    client.pipe(service).pipe(client)
    const end = () => {
      client.destroy()
      service.destroy()
    }
    for (const socket of [client, service]) socket.on('error', end).on('close', end)
  }).listen(0, HOST_IP)
  server.unref()
  await once(server, 'listening')
  test.after(() => void server.close())
  return url.replace(host, `${HOST_IP}:${(server.address() as AddressInfo).port}`)
}
