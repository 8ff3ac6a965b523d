import { after } from 'node:test'
import { systemClock as clock } from '../../clock/index.ts'
import { silentLogger } from '../../logger/index.ts'
import { type TestCluster, withKubernetes } from '../../testing/kubernetes/index.ts'
import { clusterConformance } from '../conformance.ts'
import { createKubernetesCluster } from './index.ts'
import { playNode } from './play-node.fixture.ts'

const kubernetes: TestCluster = await withKubernetes({ after })
const node = playNode(kubernetes)
after(() => node.stop())

for (const [name, everywhere] of [
  ['Kubernetes, in one namespace', false],
  ['Kubernetes, cluster-wide', true],
] as const)
  clusterConformance(name, async () => {
    const namespace = await kubernetes.createNamespace()
    node.serve(namespace)
    const cluster = createKubernetesCluster({
      connection: { kubeconfig: { path: kubernetes.kubeconfigFile } },
      ...(everywhere ? {} : { namespaces: [namespace] }),
      fieldManager: 'conformance',
      identity: 'test',
      clock,
      logger: silentLogger,
    })
    cluster.start()
    await cluster.synced
    return {
      cluster,
      namespace,
      idle: { command: ['idle'], image: 'idle' },
      stop: () => cluster.stop(),
    }
  })
