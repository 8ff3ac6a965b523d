import { join } from 'node:path'
import * as file from 'node:test'
import { silentLogger } from '../../logger/index.ts'
import { tempDir } from '../../testing/index.ts'
import { clusterConformance } from '../conformance.ts'
import { createLocalCluster } from './local-cluster.ts'

const root = tempDir(file)

clusterConformance('The local cluster', async () => {
  const cluster = createLocalCluster({
    dir: join(root, 'instances'),
    stateDir: join(root, 'state'),
    logsDir: join(root, 'logs'),
    logger: silentLogger,
  })
  await cluster.start()
  return { cluster, idle: { command: ['sleep', '1000'] }, stop: () => cluster.stop() }
})
