/** The cluster of one machine: YAML files and child processes. */
export { createLocalCluster, type LocalCluster, type LocalClusterOptions } from './local-cluster.ts'
