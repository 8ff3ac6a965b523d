/** Read models in a database of the tests, without an API around them. */
import { systemClock } from '@warren/runtime/clock'
import { silentLogger as logger } from '@warren/runtime/logger'
import { chatCollection } from '../modules/chats/index.ts'
import { contactCollection } from '../modules/contacts/index.ts'
import { createIdentityRepo } from '../modules/identities/index.ts'
import { messageCollection } from '../modules/messages/index.ts'
import { incidentCollection } from '../modules/protection/index.ts'
import { connectPlatformDatabase } from '../platform/index.ts'
import { createApply, createParkedEntries } from '../projection/index.ts'
import { startServices } from './harness.ts'

const READ_MODELS = ['messages', 'chats', 'contacts', 'incidents'] as const

export async function startProjection(hooks: Parameters<typeof startServices>[0]) {
  const services = await startServices(hooks)
  const database = await connectPlatformDatabase({
    uri: services.mongoUri,
    dbName: services.platformDb,
    logger,
  })
  services.file.after(() => database.close())
  const models = {
    messages: messageCollection(database),
    chats: chatCollection(database),
    contacts: contactCollection(database),
    incidents: incidentCollection(database),
  }
  const identities = createIdentityRepo(database)
  const apply = createApply(models, identities, createParkedEntries(database, systemClock))
  await database.createIndexes()
  let runs = 0

  return {
    services,
    models,
    identities,
    apply,
    /** An instance that nothing was applied for. */
    fresh: () => ({ organization: 'acme', instance: `ns.run-${++runs}` }),
    /**
     * Everything that is shown of an instance, in no order of its own.
     * @param without fields, at any depth, that are left aside
     */
    async readModel(instance: string, without: readonly string[] = []): Promise<object> {
      const collections = READ_MODELS.map(async (name) => {
        const rows = await services.platform
          .collection(name)
          .find({ instance }, { projection: { _id: 0, instance: 0 } })
          .toArray()
        return [name, rows.map((row) => JSON.stringify(canonical(row, without))).sort()]
      })
      return Object.fromEntries(await Promise.all(collections))
    },
    /** Takes the rows away and leaves what is known of identities. */
    async dropRows(scope: { organization: string; instance: string }): Promise<void> {
      await Promise.all(Object.values(models).map((documents) => documents.remove(scope)))
    },
  }
}

/** With sorted keys. */
function canonical(value: unknown, without: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((one) => canonical(one, without))
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  const fields = Object.entries(value)
    .filter(([key]) => !without.includes(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(fields.map(([key, inner]) => [key, canonical(inner, without)]))
}
