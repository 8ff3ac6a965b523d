/** Kubernetes for tests: a real control plane on the loopback interface, nodes whose pods are child processes, kubectl and helm. */
export {
  buildHyperkube,
  type Component,
  type ControlPlaneBinaries,
  findControlPlane,
  KUBERNETES_VERSION,
} from './binaries.ts'
export {
  createKubernetesClient,
  type KubernetesClient,
  KubernetesError,
  type KubernetesObject,
  type RequestBody,
  type WatchEvent,
} from './client.ts'
export { type ControlPlane, type ControlPlaneOptions, startControlPlane } from './control-plane.ts'
export { type BinaryOptions, buildGoProgram, type GoProgram } from './go-program.ts'
export {
  type NodeAgent,
  type NodeAgentOptions,
  type PodName,
  startNodeAgent,
} from './node-agent/node-agent.ts'
export { limitedKubeconfig, type PolicyRule } from './service-account.ts'
export { findHelm, findKubectl } from './tools.ts'
export { givenCluster, ownControlPlane, type TestCluster, withKubernetes } from './with-kubernetes.ts'
