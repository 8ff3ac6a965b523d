import { after } from 'node:test'
import { MongoClient } from 'mongodb'
import { systemClock } from '../clock/index.ts'
import { withMongo } from '../testing/index.ts'
import { describeSessionStore } from './conformance.ts'
import { createMongoSessionStore } from './mongo.ts'
import { migrateSessionStore } from './mongo-collections.ts'

const { uri, dbName } = await withMongo({ after })
const client = await MongoClient.connect(uri)
after(() => client.close())
await migrateSessionStore(client.db(dbName))

describeSessionStore('MongoDB', async () => createMongoSessionStore(client.db(dbName), systemClock))
