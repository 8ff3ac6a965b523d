/**
 * The API's web role in a process of its own, with real MongoDB and Redis; only the cluster is in memory, since it is read and not
 * measured. Configured as the API is, by the environment, and by BENCH_SESSIONS_DB and BENCH_MEDIA (a folder); tells its address over IPC.
 */

import { randomBytes } from 'node:crypto'
import { createApi, loadApiConfig } from '@warren/api'
import { createRedisBus } from '@warren/runtime/bus'
import { systemClock as clock } from '@warren/runtime/clock'
import { createMemoryCluster } from '@warren/runtime/cluster/memory'
import { createIds } from '@warren/runtime/ids'
import { silentLogger as logger } from '@warren/runtime/logger'
import { connectMongo } from '@warren/runtime/mongo'
import { createFolderStore, createUrlSigner } from '@warren/runtime/object-store'
import { createMongoSessionStore } from '@warren/runtime/session-store'

const config = loadApiConfig(process.env)
const ids = createIds(clock)
const bus = createRedisBus({ url: config.REDIS_URL, clock, logger, ids })
await bus.start()
const mongo = await connectMongo({
  uri: config.MONGODB_URI,
  dbName: process.env.BENCH_SESSIONS_DB ?? '',
  appName: 'bench api',
  logger,
  clock,
})
const sessions = createMongoSessionStore(mongo.db, clock)
const signer = createUrlSigner({ baseUrl: 'http://127.0.0.1', signingKey: randomBytes(32), clock })
const objectStore = createFolderStore({ root: process.env.BENCH_MEDIA ?? '', signer })
await objectStore.start()
const cluster = createMemoryCluster()
const api = await createApi({ config, cluster, sessions, bus, objectStore, clock, ids, logger })
await api.web.start()

async function stop(): Promise<void> {
  await api.stop()
  await bus.stop()
  await mongo.close()
  process.exit(0)
}
process.once('SIGTERM', stop)
process.once('disconnect', stop)
process.send?.({ address: api.web.address() })
