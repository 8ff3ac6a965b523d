/** The operator on the cluster of one machine: resources are files, pods are processes. */
import { createOperator } from '@warren/operator'
import { createRedisBus } from '@warren/runtime/bus'
import { systemClock as clock } from '@warren/runtime/clock'
import { createLocalCluster } from '@warren/runtime/cluster/local'
import { createIds } from '@warren/runtime/ids'
import { createJsonLogger } from '@warren/runtime/logger'
import { createRegistry } from '@warren/runtime/metrics'
import { connectMongo } from '@warren/runtime/mongo'
import { createMongoSessionStore } from '@warren/runtime/session-store'
import { required, runAsChild } from './child.ts'

const logger = createJsonLogger({ level: 'info', sink: process.stdout, clock })
const mongo = await connectMongo({
  uri: required('MONGODB_URI'),
  dbName: required('SESSIONS_DB'),
  appName: 'chaos operator',
  logger,
  clock,
})
const bus = createRedisBus({ url: required('REDIS_URL'), clock, logger, ids: createIds(clock) })
await bus.start()
const cluster = createLocalCluster({
  dir: required('INSTANCES'),
  stateDir: required('STATE'),
  logsDir: required('LOGS'),
  logger,
  // A session that is killed for the tenth time is not a session that crashes in a loop.
  longestRestartMs: 1_000,
})
await cluster.start()
const operator = createOperator({
  cluster,
  sessions: createMongoSessionStore(mongo.db, clock),
  bus,
  clock,
  logger,
  registry: createRegistry({ service: 'operator', version: 'chaos' }),
  masterKey: { id: 1, bytes: Buffer.from(required('MASTER_KEY'), 'base64') },
  template: JSON.parse(required('TEMPLATE')),
  starts: { perSecond: 4, burst: 8 },
})
await operator.start()
runAsChild(async () => {
  await operator.stop()
  await cluster.stop()
  await bus.stop()
  await mongo.close()
})
