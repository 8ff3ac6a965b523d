/** The cluster for unit tests. */
export type { FakeKubelet } from './fake-kubelet.ts'
export { createMemoryCluster, type MemoryCluster } from './memory-cluster.ts'
