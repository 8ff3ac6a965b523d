/** The platform database: everything that the API owns. Its collections are made here and nowhere else. */
import type { Logger } from '@warren/runtime/logger'
import { MONGO_OPTIONS } from '@warren/runtime/mongo'
import { type Connection, createConnection, type Schema } from 'mongoose'
import { createTenantCollection, type TenantCollection, type TenantOwned } from './tenant-collection.ts'

export type PlatformDatabase = {
  /** A collection whose every document belongs to an organisation; no query reaches across. */
  tenantCollection<D extends TenantOwned>(name: string, schema: Schema<D>): TenantCollection<D>
  /** For the few look-ups that find out which organisation it is: by e-mail address, by key, by cursor. */
  readonly connection: Connection
  /** Makes missing indexes; safe to run from every replica at once. */
  createIndexes(): Promise<void>
  /** @throws what the driver throws when the database does not answer within two seconds */
  ping(): Promise<void>
  close(): Promise<void>
}

/** Options of every schema: documents hold what the schema names and nothing else. */
export const SCHEMA_OPTIONS = {
  autoIndex: false,
  autoCreate: false,
  versionKey: false,
  minimize: false,
  strict: 'throw',
} as const

export async function connectPlatformDatabase(options: {
  uri: string
  dbName: string
  logger: Logger
}): Promise<PlatformDatabase> {
  const connection = createConnection(options.uri, {
    ...MONGO_OPTIONS,
    dbName: options.dbName,
    appName: 'warren-api',
    maxPoolSize: 50,
    bufferCommands: false,
    sanitizeFilter: false,
  })
  connection.on('error', (error) => options.logger.error('platform database', { error }))
  await connection.asPromise()
  return {
    connection,
    tenantCollection: (name, schema) => createTenantCollection(connection, name, schema),
    async createIndexes() {
      await Promise.all(Object.values(connection.models).map((model) => model.createIndexes()))
    },
    async ping() {
      await connection.db?.command({ ping: 1 }, { timeoutMS: 2_000 })
    },
    close: () => connection.close(),
  }
}
