/** An installation of Warren's operator: replicas as processes, with the data services that they and the sessions share. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '@warren/runtime/embedded'
import { type Cleanup, tempDir, until, withMongo, withRedis } from '@warren/runtime/testing'
import { SESSION_NODE_ENV } from '@warren/session-pod'
import { type Program, startProgram } from './program.ts'

const MAIN = join(import.meta.dirname, '..', '..', '..', 'operator', 'src', 'main.ts')

export type Replica = Program & {
  readonly name: string
  metrics(): Promise<string>
  leads(): Promise<boolean>
  /** Until it leads; the replica before it may have to be waited out. */
  untilLeading(): Promise<void>
  /** Until its caches are full. */
  untilReady(): Promise<void>
}

export type Installation = {
  readonly mongo: { readonly uri: string; readonly dbName: string }
  readonly redis: string
  /** Starts one more replica; `template` and `env` are added to what is common. */
  replica(name: string, change?: ReplicaChange): Promise<Replica>
}

export type ReplicaChange = {
  readonly kubeconfigFile?: string
  readonly env?: Readonly<Record<string, string>>
  /** Variables of the sessions: another value is another template, so a roll. */
  readonly sessionEnv?: Readonly<Record<string, string>>
}

/** A machine on which others work as well takes its time to start a process. */
const START_MS = 170_000

/** @param on where the operator works: its lease is in the first namespace */
export async function install(
  file: Cleanup,
  on: { readonly kubeconfigFile: string; readonly namespaces: readonly string[] },
  common: ReplicaChange = {},
): Promise<Installation> {
  const [mongo, redis] = [await withMongo(file), await withRedis(file)]
  const folder = tempDir(file)

  async function replica(name: string, change: ReplicaChange = {}): Promise<Replica> {
    const port = await freePort()
    const templateFile = join(folder, `${name}.json`)
    writeFileSync(templateFile, JSON.stringify(templateOf({ ...common.sessionEnv, ...change.sessionEnv })))
    const program = startProgram(file, [MAIN], {
      KUBECONFIG: change.kubeconfigFile ?? on.kubeconfigFile,
      POD_NAME: name,
      POD_NAMESPACE: on.namespaces[0],
      WATCH_NAMESPACES: on.namespaces.join(),
      MONGODB_URI: mongo.uri,
      MONGODB_SESSIONS_DB: mongo.dbName,
      REDIS_URL: redis,
      WARREN_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
      WARREN_SESSION_TEMPLATE_FILE: templateFile,
      STARTS_PER_SECOND: '1000',
      STARTS_BURST: '1000',
      DEFAULT_INSTANCE_LIMIT: '10000',
      HEALTH_HOST: '127.0.0.1',
      HEALTH_PORT: String(port),
      ...common.env,
      ...change.env,
    })
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`)
      return { ok: response.ok, text: await response.text() }
    }
    const metrics = async () => (await get('/metrics')).text
    const leads = async () => /^leader_election_master_status\{.*\} 1$/m.test(await metrics())
    const within = (condition: () => Promise<boolean>, describe: string) =>
      until(condition, { timeoutMs: START_MS, everyMs: 50, describe }).then(
        () => {},
        (cause) => {
          throw new Error(`${name}: ${program.log().slice(-3_000)}`, { cause })
        },
      )
    return {
      ...program,
      name,
      metrics,
      leads,
      untilLeading: () => within(leads, `${name} to lead`),
      untilReady: () => within(async () => (await get('/readyz')).ok, `${name} to be ready`),
    }
  }

  return { mongo, redis, replica }

  function templateOf(sessionEnv: Readonly<Record<string, string>>) {
    return {
      image: 'session:test',
      healthPort: 8081,
      terminationGracePeriodSeconds: 10,
      env: { ...SESSION_NODE_ENV, NODE_ENV: 'test', MONGODB_SESSIONS_DB: mongo.dbName, ...sessionEnv },
    }
  }
}
