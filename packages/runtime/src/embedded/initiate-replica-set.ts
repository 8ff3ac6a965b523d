import { setTimeout as delay } from 'node:timers/promises'
import { MongoClient, MongoServerError } from 'mongodb'

const NOT_YET_INITIALIZED = 94

/**
 * Makes a fresh `mongod --replSet warren` the primary of a set of one, or tells an old one its new port, and waits until
 * it accepts writes (at most 20 s).
 */
export async function initiateReplicaSet(port: number): Promise<void> {
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`)
  try {
    const admin = client.db('admin')
    const members = [{ _id: 0, host: `127.0.0.1:${port}` }]
    try {
      const { config } = await admin.command({ replSetGetConfig: 1 })
      if (config.members[0]?.host !== members[0]?.host)
        await admin.command({
          replSetReconfig: { ...config, version: config.version + 1, members },
          force: true,
        })
    } catch (error) {
      if (!(error instanceof MongoServerError) || error.code !== NOT_YET_INITIALIZED) throw error
      await admin.command({ replSetInitiate: { _id: 'warren', members } })
    }
    const deadline = performance.now() + 20_000
    while (!(await admin.command({ hello: 1 })).isWritablePrimary) {
      if (performance.now() > deadline) throw new Error('mongod did not become primary within 20 s.')
      await delay(50)
    }
  } finally {
    await client.close()
  }
}
