/** `node test/cluster/enter.ts [COMMAND ...]`: a command, or a shell, in the cluster's network, with kubectl and helm set up for it. */
import { spawn } from 'node:child_process'
import { inNetwork, runningCluster } from './support/cluster.ts'

const cluster = runningCluster()
if (cluster) {
  const argv = process.argv.length > 2 ? process.argv.slice(2) : ['bash']
  const { command, args, env } = inNetwork(cluster, argv)
  spawn(command, args, { env, stdio: 'inherit' }).on('exit', (code) => {
    process.exitCode = code ?? 1
  })
} else {
  console.error('There is no cluster: node test/cluster/up.ts starts one.')
  process.exitCode = 1
}
