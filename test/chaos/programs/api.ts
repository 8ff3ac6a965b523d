/** One replica of the API, in one of its two roles. The instances are given: the cluster's API is not what is tested here. */
import { createApi, loadApiConfig } from '@warren/api'
import type { InstanceManifest } from '@warren/contracts'
import { createRedisBus } from '@warren/runtime/bus'
import { systemClock as clock } from '@warren/runtime/clock'
import { createMemoryCluster } from '@warren/runtime/cluster/memory'
import { createIds } from '@warren/runtime/ids'
import { createJsonLogger } from '@warren/runtime/logger'
import { connectMongo } from '@warren/runtime/mongo'
import { createFolderStore, createSignedBlobHandler, createUrlSigner } from '@warren/runtime/object-store'
import { createMongoSessionStore } from '@warren/runtime/session-store'
import { required, runAsChild } from './child.ts'

const ids = createIds(clock)
const logger = createJsonLogger({ level: 'info', sink: process.stdout, clock })
const config = loadApiConfig(process.env)
const mongo = await connectMongo({
  uri: config.MONGODB_URI,
  dbName: required('SESSIONS_DB'),
  appName: 'chaos api',
  logger,
  clock,
})
const bus = createRedisBus({ url: config.REDIS_URL, clock, logger, ids })
await bus.start()
const cluster = createMemoryCluster()
for (const manifest of JSON.parse(required('MANIFESTS')) as InstanceManifest[])
  await cluster.instances.create(manifest)
const signingKey = Buffer.from(required('SIGNING_KEY'), 'base64')
const signer = createUrlSigner({ baseUrl: required('BLOBS_URL'), signingKey, clock })
const objectStore = createFolderStore({ root: required('MEDIA'), signer })
await objectStore.start()
const blobHandler = createSignedBlobHandler({ store: objectStore, signer })

const api = await createApi({
  config,
  cluster,
  sessions: createMongoSessionStore(mongo.db, clock),
  bus,
  clock,
  ids,
  logger,
  objectStore,
  blobHandler,
})
const owner = process.env.OWNER
if (owner) await api.createOwner(JSON.parse(owner)).catch(unlessThere)
await (required('ROLE') === 'web' ? api.web.start() : api.worker.start())
runAsChild(async () => {
  await api.stop()
  await bus.stop()
  await mongo.close()
})

/** A replica that starts for the second time finds its owner. */
function unlessThere(error: { code?: string }): void {
  if (error.code !== 'already_exists') throw error
}
