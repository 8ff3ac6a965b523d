// A process that runs one pod until it is killed; started by process-kubelet.test.ts.
import { join } from 'node:path'
import { silentLogger } from '../../logger/index.ts'
import { createLocalCluster } from './local-cluster.ts'

const [root = '', ...command] = process.argv.slice(2)
const cluster = createLocalCluster({
  dir: join(root, 'instances'),
  stateDir: join(root, 'state'),
  logsDir: join(root, 'logs'),
  logger: silentLogger,
})
await cluster.start()
await cluster.pods.create({
  metadata: { namespace: 'default', name: 'p' },
  spec: {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'session', command }],
  },
})
