import { clusterConformance } from '../conformance.ts'
import { createMemoryCluster } from './memory-cluster.ts'

clusterConformance('The memory cluster', async () => {
  const cluster = createMemoryCluster()
  return { cluster, idle: { command: ['idle'] }, stop: () => cluster.stop() }
})
