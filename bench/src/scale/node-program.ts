/**
 * A node without processes, and the sessions that would run on it, in a process of their own so that they do not hold up the clock of the
 * recorder. Configured by KUBECONFIG, NAMESPACE, MONGODB_URI, MONGODB_DB and REDIS_URL; says over IPC when it is ready.
 */
import { readFileSync } from 'node:fs'
import { createRedisBus } from '@warren/runtime/bus'
import { systemClock as clock } from '@warren/runtime/clock'
import { createIds } from '@warren/runtime/ids'
import { silentLogger as logger } from '@warren/runtime/logger'
import { connectMongo } from '@warren/runtime/mongo'
import { createKubernetesClient, startNodeAgent } from '@warren/runtime/testing/kubernetes'
import { followPods } from './sessions.ts'

const {
  KUBECONFIG = '',
  NAMESPACE: namespace = '',
  MONGODB_URI = '',
  MONGODB_DB = '',
  REDIS_URL = '',
} = process.env
const client = await createKubernetesClient(readFileSync(KUBECONFIG, 'utf8'))
const { db } = await connectMongo({
  uri: MONGODB_URI,
  dbName: MONGODB_DB,
  appName: 'bench sessions',
  logger,
  clock,
})
const bus = createRedisBus({ url: REDIS_URL, clock, logger, ids: createIds(clock) })
await bus.start()
await startNodeAgent({ client, namespaces: [namespace], stub: true })
// The whole cluster is thrown away afterwards: nothing here has to be taken down.
for (const end of ['SIGTERM', 'disconnect']) process.once(end, () => process.exit(0))
process.send?.('ready')
await followPods({ client, db, bus, namespace, signal: new AbortController().signal })
