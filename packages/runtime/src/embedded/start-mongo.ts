import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  defaultCacheDir,
  type EmbeddedOptions,
  type EmbeddedService,
  type Environment,
} from './environment.ts'
import { exists } from './exists.ts'
import { findExecutable } from './find-executable.ts'
import { freePort } from './free-port.ts'
import { initiateReplicaSet } from './initiate-replica-set.ts'
import { installFromPypi } from './install-from-pypi.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

const PACKAGE = { name: 'secantusdb', version: '0.7.0b3' }

/** A way of serving MongoDB's protocol; `name` is also the folder of its data, since no two share a format. */
type Engine = {
  name: string
  find(options: EmbeddedOptions): Promise<Program | undefined>
  args(folder: string, port: number): string[]
  ready: RegExp
  /** What is left to do once it listens. */
  afterStart?(port: number): Promise<void>
}
type Program = { command: string; prefix: string[]; env: Environment; origin: string }

const mongod: Engine = {
  name: 'mongod',
  find: async ({ env }) => program(await findExecutable(['mongod'], env.PATH), env),
  // A replica set of one, because transactions and change streams need a replica set.
  args: (folder, port) => [
    '--dbpath',
    join(folder, 'data'),
    '--bind_ip=127.0.0.1',
    `--port=${port}`,
    '--replSet=warren',
    '--oplogSize=256',
  ],
  ready: /waiting for connections/i,
  afterStart: initiateReplicaSet,
}

const secantusArgs = (folder: string, port: number) => [
  '--host=127.0.0.1',
  `--port=${port}`,
  '--storage-path',
  join(folder, 'data'),
  // A configuration of its own, for otherwise it would look for one in the user's home.
  '--config',
  join(folder, 'secantusd.toml'),
  // Without it an acknowledged write with w:1 is lost when the server is killed (4 to 37 of 2,000 were).
  '--sync-on-commit',
]

const secantusRust: Engine = {
  name: 'secantusd-rs',
  async find({ env, cacheDir }) {
    const cache = cacheDir ?? defaultCacheDir(env)
    const built = await findExecutable(['secantusd-rs'], [cache, join(cache, 'bin')])
    return program(built ?? (await findExecutable(['secantusd-rs'], env.PATH)), env)
  },
  args: secantusArgs,
  ready: /listening on \S+:\d+/,
}

const secantusPython: Engine = {
  name: 'secantusdb',
  async find(options) {
    const { env } = options
    const { folder, python } = await installFromPypi([PACKAGE], {
      ...options,
      cacheDir: options.cacheDir ?? defaultCacheDir(env),
      otherwise: 'set MONGODB_URI',
    })
    return {
      command: python,
      prefix: ['-m', 'secantus'],
      // Safe path: a folder named `secantus` where we happen to run is not the server.
      env: { ...env, PYTHONPATH: folder, PYTHONSAFEPATH: '1', PYTHONUNBUFFERED: '1' },
      origin: `${PACKAGE.name} ${PACKAGE.version} (PyPI)`,
    }
  },
  args: secantusArgs,
  ready: /listening on \S+:\d+/,
}

const ENGINES = [mongod, secantusRust, secantusPython]

/**
 * MongoDB for one machine: `MONGODB_URI` when it is set, else a `mongod` or a `secantusd-rs` from the PATH or the cache,
 * else SecantusDB from PyPI. Data stays in `dataDir` and survives a kill of the server; a folder that one engine has
 * written is opened by the same engine again. It is the primary of a replica set, so transactions and change streams work.
 *
 * @throws Error with one sentence that says what is missing and what to do.
 */
export async function startMongo(options: EmbeddedOptions & { port?: number }): Promise<EmbeddedService> {
  const given = options.env.MONGODB_URI
  if (given) return { uri: given, origin: 'MONGODB_URI', stop: async () => {} }
  const { engine, found } = await chooseEngine(options)

  const folder = join(options.dataDir, engine.name)
  await mkdir(join(folder, 'data'), { recursive: true })
  await writeFile(join(folder, 'secantusd.toml'), '')
  const { server, port } = await startOnFreePort(engine, found, folder, options.port)
  try {
    await engine.afterStart?.(port)
  } catch (error) {
    await server.stop()
    throw error
  }
  const uri = `mongodb://127.0.0.1:${port}/?directConnection=true`
  return { uri, origin: found.origin, stop: server.stop }
}

async function chooseEngine(options: EmbeddedOptions): Promise<{ engine: Engine; found: Program }> {
  const written: Engine[] = []
  for (const engine of ENGINES) if (await exists(join(options.dataDir, engine.name))) written.push(engine)
  for (const engine of written.length ? written : ENGINES) {
    const found = await engine.find(options)
    if (found) return { engine, found }
  }
  const names = written.map((engine) => engine.name).join(' or ')
  throw new Error(`The data in ${options.dataDir} needs ${names}: put it on the PATH, or set MONGODB_URI.`)
}

/**
 * Retries for a few seconds, for two reasons: the port may have been taken between look and bind, and after a crash
 * the predecessor's server may still be letting go of the data.
 */
async function startOnFreePort(
  engine: Engine,
  found: Program,
  folder: string,
  wantedPort: number | undefined,
): Promise<{ server: ServerProcess; port: number }> {
  const deadline = performance.now() + 8_000
  for (;;) {
    const port = wantedPort ?? (await freePort())
    try {
      const server = await startServerProcess({
        command: found.command,
        args: [...found.prefix, ...engine.args(folder, port)],
        env: found.env,
        logFile: join(folder, 'server.log'),
        ready: engine.ready,
        startTimeoutMs: 30_000,
      })
      return { server, port }
    } catch (error) {
      if (performance.now() > deadline) throw error
      await delay(500)
    }
  }
}

function program(command: string | undefined, env: Environment): Program | undefined {
  return command ? { command, prefix: [], env, origin: command } : undefined
}
