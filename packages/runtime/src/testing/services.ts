import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import {
  type EmbeddedOptions,
  type EmbeddedService,
  freePort,
  startMongo,
  startRedis,
} from '../embedded/index.ts'
import type { Cleanup } from './temp-dir.ts'

/**
 * Redis for a test file: the one of `REDIS_URL` when the test run has started one for all files, else one of its own,
 * started now and stopped after. Others may use it too: take channel and key names at random.
 */
export function withRedis(file: Cleanup): Promise<string> {
  return serve(file, 'redis', startRedis).then((service) => service.uri)
}

/**
 * MongoDB for a test file, with the name of a fresh database that is dropped in the end; the server is shared in the
 * same way as Redis.
 */
export async function withMongo(file: Cleanup): Promise<{ uri: string; dbName: string }> {
  const dbName = `test_${randomBytes(6).toString('hex')}`
  const { uri } = await serve(file, 'mongo', startMongo, async (service) => {
    const client = new MongoClient(service.uri)
    await client.db(dbName).dropDatabase()
    await client.close()
  })
  return { uri, dbName }
}

export type OwnService = {
  uri: string
  stop(): Promise<void>
  /** Starts it again at the same address, with its data if it keeps any. */
  restart(): Promise<void>
}

/** A Redis that one test owns and may stop, to see what happens without. */
export const ownRedis = (file: Cleanup) => own(file, 'redis', startRedis)

/** A MongoDB that one test owns and may stop, to see what happens without. */
export const ownMongo = (file: Cleanup) => own(file, 'mongo', startMongo)

type Start = (options: EmbeddedOptions & { port?: number }) => Promise<EmbeddedService>

async function serve(
  file: Cleanup,
  name: string,
  start: Start,
  beforeStop: (service: EmbeddedService) => Promise<void> = async () => {},
): Promise<EmbeddedService> {
  const dataDir = mkdtempSync(join(tmpdir(), `warren-${name}-`))
  const remove = () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 })
  try {
    const service = await start({ dataDir, env: process.env })
    file.after(async () => {
      await beforeStop(service)
      await service.stop()
      remove()
    })
    return service
  } catch (error) {
    remove()
    throw error
  }
}

async function own(file: Cleanup, name: string, start: Start): Promise<OwnService> {
  const port = await freePort()
  const dataDir = mkdtempSync(join(tmpdir(), `warren-${name}-`))
  const env = { ...process.env, REDIS_URL: undefined, MONGODB_URI: undefined }
  let service = await start({ dataDir, env, port })
  file.after(async () => {
    await service.stop()
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 })
  })
  return {
    uri: service.uri,
    stop: () => service.stop(),
    async restart() {
      service = await start({ dataDir, env, port })
    },
  }
}
