import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { MongoServerError } from 'mongodb'
import { systemClock } from '../clock/index.ts'
import { createMemoryLogger } from '../logger/index.ts'
import { ownMongo, until } from '../testing/index.ts'
import { classifyMongoError, connectMongo, isDuplicateKey, isNotPrimary, isTransient } from './index.ts'

const mongo = await ownMongo({ after })
const clock = systemClock
const base = { uri: mongo.uri, dbName: 'runtime', appName: 'test', clock }

test('connects, pings, writes durably, and says what it sees', async (t) => {
  const logger = createMemoryLogger()
  const { db, client, ping, close } = await connectMongo({ ...base, logger })
  t.after(close)
  await ping()
  assert.equal(client.options.writeConcern?.w, 'majority')
  const notes = db.collection<{ _id: number }>('notes')
  await notes.insertOne({ _id: 1 })
  assert.equal(await notes.countDocuments(), 1)
  await assert.rejects(notes.insertOne({ _id: 1 }), isDuplicateKey)
  await assert.rejects(notes.insertMany([{ _id: 1 }, { _id: 2 }]), isDuplicateKey)
  await assert.rejects(
    db.command({ noSuchCommand: 1 }),
    (error) => classifyMongoError(error) === 'refused' && !isTransient(error),
  )
  assert.equal(logger.lines[0]?.message, 'MongoDB primary found')
})

test('outlives an outage: errors are transient, and the next start of the server is found', async (t) => {
  const logger = createMemoryLogger()
  const connection = await connectMongo({ ...base, logger })
  t.after(connection.close)
  await mongo.stop()
  await assert.rejects(connection.ping(), isTransient)
  const impatient = createMemoryLogger()
  const uri = `${mongo.uri}&serverSelectionTimeoutMS=100`
  const waiting = connectMongo({ ...base, uri, logger: impatient })
  await until(() => impatient.lines.some(({ message }) => message === 'MongoDB is not there yet'))
  await mongo.restart()
  await until(() => connection.ping().then(() => true), { timeoutMs: 20_000, describe: 'the way back' })
  await (await waiting).close()
  const messages = logger.lines.map((line) => line.message)
  assert.deepEqual(messages.slice(0, 3), [
    'MongoDB primary found',
    'MongoDB primary lost',
    'MongoDB primary found',
  ])
})

test('gives up after the time that it was told to wait', async () => {
  const uri = 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50'
  await assert.rejects(connectMongo({ ...base, uri, logger: createMemoryLogger(), waitMs: 300 }), isTransient)
})

test('errors are told apart by code, label and name', () => {
  const server = (code: number, ...errorLabels: string[]) =>
    new MongoServerError({ message: 'x', code, errorLabels })
  assert.equal(classifyMongoError(server(11000)), 'duplicate-key')
  assert.equal(classifyMongoError(server(10107)), 'transient')
  assert.equal(classifyMongoError(server(999, 'RetryableWriteError')), 'transient')
  assert.equal(classifyMongoError(server(112)), 'transient')
  assert.equal(classifyMongoError(server(13)), 'refused')
  assert.equal(classifyMongoError(new Error('x')), 'unknown')
  assert.equal(isNotPrimary(server(10107)), true)
  assert.equal(isNotPrimary(server(112)), false)
  assert.equal(classifyMongoError(Object.assign(new Error('x'), { name: 'MongoNetworkError' })), 'transient')
})
