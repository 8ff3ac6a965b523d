/** `node test/cluster/up.ts [--nodes N]`: a real Kubernetes cluster on this machine, with the project's images in it. */
import { parseArgs } from 'node:util'
import { runningCluster, startCluster } from './support/cluster.ts'

const { values } = parseArgs({ options: { nodes: { type: 'string', default: '1' } } })
const nodes = Number(values.nodes)
if (!(Number.isInteger(nodes) && nodes >= 1 && nodes <= 5)) fail('--nodes is a number from 1 to 5.')

try {
  const cluster = runningCluster() ?? (await startCluster(nodes, (line) => console.error(line)))
  console.log(`export KUBECONFIG=${cluster.kubeconfig}`)
  console.log(`export WARREN_CLUSTER_NETNS=/proc/${cluster.pid}/ns/net`)
  console.log(`export WARREN_IMAGE_TAG=${cluster.images.tag}`)
  console.error(
    'The cluster has a network of its own: node test/cluster/enter.ts [COMMAND ...] runs a command in it.',
  )
} catch (error) {
  const { message, cause } = error as Error
  fail(cause ? `${message} (${(cause as Error).message})` : message)
}

function fail(sentence: string): never {
  console.error(sentence)
  process.exit(1)
}
