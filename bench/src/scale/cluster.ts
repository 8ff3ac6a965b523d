/** What one size is measured on: a control plane of its own with a node that starts nothing, fresh databases, and the operator. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { instanceCrd } from '@warren/contracts'
import { systemClock as clock } from '@warren/runtime/clock'
import { silentLogger as logger } from '@warren/runtime/logger'
import { connectMongo } from '@warren/runtime/mongo'
import { until } from '@warren/runtime/testing'
import {
  type ControlPlane,
  type KubernetesClient,
  startControlPlane,
} from '@warren/runtime/testing/kubernetes'
import { startProgram } from '../program.ts'
import { createStops } from '../stops.ts'
import type { World } from '../world.ts'
import { samplesOf, sumOf } from './prometheus.ts'
import { instancesPath } from './recorder.ts'
import { type Replica, startReplica } from './replica.ts'

const NODE_PROGRAM = join(import.meta.dirname, 'node-program.ts')
const NAMESPACE = 'scale'
/** Starts are paced in production, to spare WhatsApp and the nodes; here that would be all that is measured. */
const NO_PACE = '10000'
const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE', 'APPLY'])
/** What the operator writes; its Lease, which is renewed every other second by design, is left out. */
const WRITTEN = new Set(['whatsappinstances', 'pods', 'secrets', 'events'])

export type ScaleCluster = {
  readonly client: KubernetesClient
  readonly namespace: string
  /** Rejects when the node ends by itself; never resolves. */
  readonly died: Promise<never>
  startOperator(name: string): Promise<Replica>
  /** Writes to instances, pods, secrets and events that the API server has carried out, whoever asked for them. */
  writes(): Promise<number>
  stop(): Promise<void>
}

export type OperatorSettings = {
  /** Flags of Node. */
  readonly flags: readonly string[]
  /** Variables beside those that a cluster needs at all. */
  readonly env: Readonly<Record<string, string>>
}

export async function startScaleCluster(world: World, options: OperatorSettings): Promise<ScaleCluster> {
  const stops = createStops((error) => world.say(`did not stop cleanly: ${error}`))
  const forget = world.stops.add(stops.run)
  const folder = await mkdtemp(join(world.folder, 'scale-'))
  const plane = await startControlPlane({ dataDir: folder, env: process.env, onProgress: world.say })
  stops.add(plane.stop)
  await prepare(plane)

  const dbName = `bench_${randomBytes(4).toString('hex')}`
  const mongo = await connectMongo({ uri: world.mongo.uri, dbName, appName: 'bench', logger, clock })
  stops.add(async () => {
    await mongo.db.dropDatabase()
    await mongo.close()
  })
  const shared = {
    KUBECONFIG: plane.kubeconfigFile,
    MONGODB_URI: world.mongo.uri,
    REDIS_URL: world.redis.uri,
  }
  const node = startProgram({
    name: 'stub node',
    args: [NODE_PROGRAM],
    env: { ...shared, NAMESPACE, MONGODB_DB: dbName },
    logFile: join(folder, 'node.log'),
    ipc: true,
  })
  stops.add(node.stop)
  await Promise.race([new Promise((resolve) => node.child.once('message', resolve)), node.died])

  const templateFile = join(folder, 'template.json')
  writeFileSync(templateFile, JSON.stringify({ image: 'session:1', healthPort: 8081 }))
  return {
    client: plane.client,
    namespace: NAMESPACE,
    died: node.died,
    async startOperator(name) {
      const replica = await startReplica({
        ...{ name, folder, flags: options.flags },
        env: {
          ...shared,
          MONGODB_SESSIONS_DB: dbName,
          WARREN_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
          WARREN_SESSION_TEMPLATE_FILE: templateFile,
          DEFAULT_INSTANCE_LIMIT: '1000000',
          STARTS_PER_SECOND: NO_PACE,
          STARTS_BURST: NO_PACE,
          ...options.env,
        },
      })
      stops.add(replica.program.stop)
      await replica.ready()
      return replica
    },
    async writes() {
      const text = String(await plane.client.request<unknown>('GET', '/metrics'))
      return sumOf(
        samplesOf(text, ['apiserver_request_total']),
        ({ labels }) => WRITES.has(labels.verb ?? '') && WRITTEN.has(labels.resource ?? ''),
      )
    },
    async stop() {
      await stops.run()
      forget()
    },
  }
}

async function prepare({ client }: ControlPlane): Promise<void> {
  const crd = instanceCrd()
  await client.apply(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${crd.metadata.name}`, crd)
  await client.request('POST', '/api/v1/namespaces', {
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
  })
  await until(() => client.request('GET', `${instancesPath(NAMESPACE)}?limit=1`), {
    timeoutMs: 60_000,
    describe: 'the API of Warren’s resource',
  })
}
