/**
 * `node test/cluster/databases.ts`: MongoDB, Redis and an S3 server for Warren in the cluster of `up.ts`, until Ctrl-C, and a file of values
 * for the chart that names them and the cluster's images.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { inNetwork, runningCluster } from './support/cluster.ts'
import { startDataServices } from './support/data-services.ts'
import { inState } from './support/layout.ts'

/** Set in the process that is in the cluster's network already. */
const INSIDE = 'WARREN_INSIDE_CLUSTER'

const cluster = runningCluster()
if (!cluster) {
  console.error('There is no cluster: node test/cluster/up.ts starts one.')
  process.exitCode = 1
} else if (process.env[INSIDE]) {
  await serve(cluster.images.tag)
} else {
  const { command, args, env } = inNetwork(cluster, [process.execPath, import.meta.filename])
  const child = spawn(command, args, { env: { ...env, [INSIDE]: 'yes' }, stdio: 'inherit' })
  // A terminal's Ctrl-C reaches both.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill())
  const [code] = await once(child, 'exit')
  process.exitCode = code ?? 1
}

async function serve(tag: string): Promise<void> {
  const ends: (() => unknown)[] = []
  const { mongodbUri, redisUrl, s3 } = await startDataServices({ after: (end) => void ends.unshift(end) })
  const file = inState('values.json')
  const values = {
    image: { registry: 'localhost', tag, pullPolicy: 'Never' },
    mongodb: { uri: mongodbUri },
    redis: { url: redisUrl },
    s3,
    // What it remembers is the phones' side of the world: an upgrade to another tag is not to make it forget.
    simulator: { enabled: true, image: { tag } },
  }
  writeFileSync(file, JSON.stringify(values, undefined, 2), { mode: 0o600 })
  console.log('MongoDB, Redis and S3 run until Ctrl-C, and their data end with them. In another terminal:')
  console.log('node test/cluster/enter.ts')
  console.log(`helm install warren charts/warren -n warren --create-namespace -f ${file} --wait`)
  // What was started here does not keep a process alive.
  const alive = setInterval(() => {}, 1_000_000)
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  clearInterval(alive)
  for (const end of ends) await end()
}
