/**
 * The cluster port on a real Kubernetes.
 *
 *   credentials → http → api        requests: who we are, connections and deadlines, paths and errors
 *   reflector → cache → watch hub   reads: list and watch, own writes in front, keys for whoever listens
 *   instances, pods, secrets,       the port's clients
 *   events, leases
 */
export { type Connection, connectionOf } from './credentials.ts'
export {
  createKubernetesCluster,
  type KubernetesCluster,
  type KubernetesClusterOptions,
} from './kubernetes-cluster.ts'
export type { LeaseRecord, LeaseStore, VersionedLease } from './leases.ts'
