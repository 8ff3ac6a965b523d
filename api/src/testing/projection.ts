/** Read models in a database of the tests, without an API around them. */
import { contactIdOf, type SessionKey, sessionKeyOf } from '@warren/contracts'
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

const ORGANIZATION = 'acme'
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
  /** An instance that nothing was applied for. */
  const fresh = () => ({ organization: ORGANIZATION, instance: `ns.run-${++runs}` })

  return {
    services,
    models,
    identities,
    apply,
    fresh,
    /**
     * Everything that is shown of an instance, in no order of its own.
     * @param without fields, at any depth, that are left aside
     */
    async readModel(instance: string, without: readonly string[] = []): Promise<object> {
      const session = sessionKeyOf({ organization: ORGANIZATION, instance })
      const collections = READ_MODELS.map(async (name) => {
        const rows = await services.platform
          .collection(name)
          .find({ instance }, { projection: { _id: 0, instance: 0 } })
          .toArray()
        // Ids of contacts are of one instance; what two instances have in common is what they come from.
        const comparable = rows.map(({ id, ...row }) =>
          name === 'contacts' ? { ...row, former: formerOf(session, row.jid, id) } : { ...row, id },
        )
        return [name, comparable.map((row) => JSON.stringify(canonical(row, without))).sort()]
      })
      return Object.fromEntries(await Promise.all(collections))
    },
    /** An instance of which nothing is left but what is known of identities in this one. */
    async freshWithFactsOf(instance: string) {
      const scope = fresh()
      const facts = services.platform.collection('identity_facts')
      const known = await facts.find({ instance }, { projection: { _id: 0 } }).toArray()
      if (known.length > 0) await facts.insertMany(known.map((fact) => ({ ...fact, ...scope })))
      return scope
    },
  }
}

/** The argument that gave the id of a contact; -1 when none did. */
const formerOf = (session: SessionKey, key: string, id: string) =>
  [0, 1, 2, 3, 4, 5, 6, 7, 8].find((former) => contactIdOf(session, key, former) === id) ?? -1

/** With sorted keys. */
function canonical(value: unknown, without: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((one) => canonical(one, without))
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  const fields = Object.entries(value)
    .filter(([key]) => !without.includes(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(fields.map(([key, inner]) => [key, canonical(inner, without)]))
}
