import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createRotatingLog, silentLogger } from '../../logger/index.ts'
import { tempDir, until } from '../../testing/index.ts'
import type { PodSpec } from '../pod.ts'
import { createLocalCluster } from './local-cluster.ts'
import { restartDelayMs } from './restart-delay.ts'

const KEY = { namespace: 'default', name: 'p' }

async function started(t: TestContext) {
  const root = tempDir(t)
  const cluster = createLocalCluster({
    dir: join(root, 'instances'),
    stateDir: join(root, 'state'),
    logsDir: join(root, 'logs'),
    logger: silentLogger,
  })
  await cluster.start()
  t.after(() => cluster.stop())
  const run = (
    script: string,
    more: Partial<PodSpec['containers'][0]> = {},
    volumes: PodSpec['volumes'] = [],
  ) =>
    cluster.pods.create({
      metadata: KEY,
      spec: {
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'session', command: [process.execPath, '-e', script], ...more }],
        volumes,
      },
    })
  const status = async () => (await cluster.pods.get(KEY))?.status.containerStatuses?.[0]
  const log = () => readFileSync(join(root, 'logs', 'default.p.log'), 'utf8')
  return { cluster, root, run, status, log }
}

/** Whether a process runs. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('a process that ends is started again, at once and then after growing pauses', async (t) => {
  const { run, status, log } = await started(t)
  await run('console.log("run"); process.exit(3)')
  await until(async () => (await status())?.restartCount === 2)
  const now = await status()
  assert.equal(now?.state.waiting?.reason, 'CrashLoopBackOff')
  assert.equal(now.lastState?.terminated?.exitCode, 3)
  assert.equal(log(), 'run\nrun\n')
  assert.deepEqual(
    [1, 2, 3, 4, 10, 99].map((crashes) => restartDelayMs(crashes)),
    [10, 1_000, 2_000, 4_000, 256_000, 300_000],
  )
  assert.deepEqual(
    [1, 2, 9].map((crashes) => restartDelayMs(crashes, 500)),
    [10, 500, 500],
  )
})

test('a pod gets its environment, its secret as a file, and nothing of ours', async (t) => {
  const { cluster, run, log } = await started(t)
  await cluster.secrets.create({
    metadata: { namespace: 'default', name: 's' },
    data: { token: new TextEncoder().encode('opened') },
  })
  const script = `
    const fs = require('node:fs')
    console.log(fs.readFileSync('keys/token', 'utf8'), process.env.GIVEN, process.env.NODE_TEST_CONTEXT)
    setInterval(() => {}, 1000)`
  await run(
    script,
    {
      env: [{ name: 'GIVEN', value: 'yes' }],
      volumeMounts: [{ name: 'v', mountPath: 'keys', readOnly: true }],
    },
    [{ name: 'v', secret: { secretName: 's' } }],
  )
  assert.equal(await until(() => log().trim()), 'opened yes undefined')
})

test('a missing secret is waited for, and told', async (t) => {
  const { cluster, run, status } = await started(t)
  await run(
    'setInterval(() => {}, 1000)',
    { volumeMounts: [{ name: 'v', mountPath: 'keys', readOnly: true }] },
    [{ name: 'v', secret: { secretName: 'late' } }],
  )
  await until(async () => (await status())?.state.waiting)
  assert.equal((await status())?.state.waiting?.message, 'the secret late does not exist')
  await cluster.secrets.create({ metadata: { namespace: 'default', name: 'late' }, data: {} })
  await until(async () => (await status())?.state.running)
})

test('stopping asks first and insists after the grace', async (t) => {
  const { cluster, run, log } = await started(t)
  await run(
    'process.on("SIGTERM", () => console.log("asked")); console.log(process.pid); setInterval(() => {}, 1000)',
  )
  const pid = Number(await until(() => /^\d+$/m.exec(log())?.[0]))
  await cluster.pods.delete(KEY)
  assert.ok((await cluster.pods.get(KEY))?.metadata.deletionTimestamp)
  await until(async () => (await cluster.pods.get(KEY)) === undefined)
  assert.match(log(), /asked/)
  assert.equal(alive(pid), false)
})

test('a killed owner leaves no pod behind, not even one that ignores SIGTERM', async (t) => {
  const root = tempDir(t)
  const file = join(root, 'pid')
  const script = `
    process.on('SIGTERM', () => {})
    require('node:fs').writeFileSync(${JSON.stringify(file)}, String(process.pid))
    setInterval(() => {}, 1000)`
  const owner = spawn(process.execPath, [
    join(import.meta.dirname, 'owner.fixture.ts'),
    root,
    process.execPath,
    '-e',
    script,
  ])
  const pid = await until(() => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0), {
    timeoutMs: 20_000,
  })
  assert.ok(alive(pid))
  owner.kill('SIGKILL')
  await until(() => !alive(pid), { describe: 'the end of the pod' })
})

test('a log is set aside when it is full', (t) => {
  const file = join(tempDir(t), 'x.log')
  const log = createRotatingLog(file, 10)
  for (const chunk of ['aaaaaaaa\n', 'bbbbbbbb\n', 'cccccccc\n']) log.write(chunk)
  log.close()
  assert.equal(readFileSync(`${file}.1`, 'utf8'), 'aaaaaaaa\nbbbbbbbb\n')
  assert.equal(readFileSync(file, 'utf8'), 'cccccccc\n')
})
