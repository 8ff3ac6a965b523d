import type { Environment } from '@warren/runtime/embedded'
import { startMongo, startRedis } from '@warren/runtime/embedded'
import type { Lifecycle } from '@warren/runtime/lifecycle'
import { StartError } from '../options.ts'
import type { Terminal } from '../terminal.ts'
import type { DataFolder } from './data-folder.ts'

/** MongoDB and Redis: given ones, else programs on the PATH, else fetched once. */
export async function startDataServices(
  folder: DataFolder,
  { env, terminal, lifecycle }: { env: Environment; terminal: Terminal; lifecycle: Lifecycle },
): Promise<{ mongoUri: string; redisUrl: string }> {
  const start = async (name: string, dataDir: string, starter: typeof startMongo) => {
    const step = terminal.step(name)
    const options = { dataDir: folder.path(dataDir), env, onProgress: step.note }
    const service = await starter(options).catch((cause: Error) => {
      throw new StartError(cause.message, { cause })
    })
    lifecycle.add(name, service)
    step.done(service.origin)
    return service.uri
  }
  const mongoUri = await start('MongoDB', 'mongo', startMongo)
  const redisUrl = await start('Redis', 'redis', startRedis)
  return { mongoUri, redisUrl }
}
