// A process that owns both services and writes until it is killed; started by embedded.test.ts.
import { MongoClient } from 'mongodb'
import { startMongo } from './start-mongo.ts'
import { startRedis } from './start-redis.ts'

const dataDir = process.argv[2] ?? ''
const redis = await startRedis({ dataDir, env: process.env })
const mongo = await startMongo({ dataDir, env: process.env })
const writes = new MongoClient(mongo.uri).db('d').collection<{ _id: number }>('writes')
process.stdout.write(`ready ${JSON.stringify({ redisPort: Number(new URL(redis.uri).port) })}\n`)
for (let n = 1; ; n++) {
  await writes.insertOne({ _id: n })
  process.stdout.write(`acknowledged ${n}\n`)
}
