import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, rmdir, writeFile } from 'node:fs/promises'
import { createConnection, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { StartError } from '../options.ts'

/** Where everything of one installation lies. */
export type DataFolder = {
  readonly root: string
  /** The user's YAML files. */
  readonly instances: string
  readonly logs: string
  path(...parts: string[]): string
  /** 32 random bytes, made at the first call and the same from then on; in a file that only the owner may read. */
  secret(name: string): Promise<Buffer>
  /** Lets another process use the folder. */
  unlock(): Promise<void>
}

/** The longest path of a Unix socket that all systems take. */
const SOCKET_PATH_LIMIT = 100

/**
 * Makes the folder, and takes it for this process alone.
 * @throws StartError when it cannot be written, is in use, or belongs to the other WhatsApp
 */
export async function openDataFolder(dataDir: string, whatsapp: 'simulated' | 'real'): Promise<DataFolder> {
  const root = resolve(dataDir)
  try {
    await assertCanBeMade(root)
    await mkdir(root, { recursive: true })
    await chmod(root, 0o700)
    await writeFile(join(root, '.writable'), '')
    await rm(join(root, '.writable'))
  } catch (cause) {
    throw new StartError(
      `The data folder ${root} cannot be written (${(cause as NodeJS.ErrnoException).code}): choose another with --data.`,
      { cause },
    )
  }
  const lock = await lockFolder(root)
  await assertSameWhatsApp(root, whatsapp)
  const path = (...parts: string[]) => join(root, ...parts)
  for (const folder of ['instances', 'logs']) await mkdir(path(folder), { recursive: true })
  await mkdir(path('secrets'), { recursive: true, mode: 0o700 })
  return {
    root,
    instances: path('instances'),
    logs: path('logs'),
    path,
    async secret(name) {
      const file = path('secrets', name)
      await writeFile(file, randomBytes(32).toString('base64'), { mode: 0o600, flag: 'wx' }).catch(
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error
        },
      )
      return Buffer.from(await readFile(file, 'utf8'), 'base64')
    },
    unlock: () => new Promise((done) => lock.close(() => done())),
  }
}

/**
 * Node's recursive `mkdir` never ends where a folder can be written and nothing can be made in it, such as `/proc`.
 * @throws NodeJS.ErrnoException when nothing can be made in the nearest folder that exists
 */
async function assertCanBeMade(root: string): Promise<void> {
  if (existsSync(root)) return
  let nearest = dirname(root)
  while (!existsSync(nearest)) nearest = dirname(nearest)
  await rmdir(await mkdtemp(join(nearest, '.warren-')))
}

/** A socket that listens is a lock that a killed process cannot leave behind. */
async function lockFolder(root: string): Promise<Server> {
  const inside = join(await realpath(root), 'warren.lock')
  const digest = createHash('sha256').update(inside).digest('hex').slice(0, 16)
  const address = inside.length <= SOCKET_PATH_LIMIT ? inside : join(tmpdir(), `warren-${digest}.lock`)
  if (await answers(address))
    throw new StartError(`Another Warren uses ${root}: stop it, or choose another folder with --data.`)
  await rm(address, { force: true })
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((done, failed) => server.once('error', failed).listen(address, done))
  server.unref()
  return server
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(address)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Credentials of simulated accounts must never be shown to WhatsApp, nor the other way round. */
async function assertSameWhatsApp(root: string, whatsapp: 'simulated' | 'real'): Promise<void> {
  const file = join(root, 'whatsapp')
  await writeFile(file, whatsapp, { flag: 'wx' }).catch(() => {})
  const made = (await readFile(file, 'utf8')).trim()
  if (made !== whatsapp)
    throw new StartError(
      `The data in ${root} belongs to ${made === 'real' ? 'the real WhatsApp' : 'the simulator'}: choose another folder with --data.`,
    )
}
