/**
 * `npm test [-- WORD ...]`: the checks, then every test file (or those whose path contains one of the words). MongoDB, Redis and, where a
 * file asks for it, a Kubernetes control plane are started once and shared; each test file takes names of its own. `-- --no-check` leaves
 * the checks out.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { startMongo, startRedis } from '@warren/runtime/embedded'
import { givenCluster, startControlPlane } from '@warren/runtime/testing/kubernetes'
import { check } from './check.ts'
import { specifiersIn } from './import-law.ts'

const ROOT = join(import.meta.dirname, '..')

const words = process.argv.slice(2).filter((arg) => !arg.startsWith('--'))
const checked = process.argv.includes('--no-check') || check()
process.exitCode = (await runTests(words)) && checked ? 0 : 1
if (!checked) console.log('✖ the checks above failed')

async function runTests(wanted: string[]): Promise<boolean> {
  const files = testFiles().filter(
    (file) => wanted.length === 0 || wanted.some((word) => file.includes(word)),
  )
  if (files.length === 0) {
    console.log(`No test file's path contains ${wanted.join(' or ')}.`)
    return false
  }
  const folder = mkdtempSync(join(tmpdir(), 'warren-tests-'))
  const services = { env: process.env, onProgress: (line: string) => console.log(`  ${line}`) }
  const redis = await startRedis({ ...services, dataDir: join(folder, 'redis') })
  const mongo = await startMongo({ ...services, dataDir: join(folder, 'mongo') })
  const cluster = files.some(asksForKubernetes) ? await startCluster() : undefined
  console.log(`Running ${files.length} test files on ${availableParallelism()} cores ...`)
  try {
    return await runNode(files, {
      REDIS_URL: redis.uri,
      MONGODB_URI: mongo.uri,
      ...(cluster ? { WARREN_TEST_KUBECONFIG: cluster.kubeconfigFile } : {}),
    })
  } finally {
    await Promise.all([redis.stop(), mongo.stop(), cluster?.stop?.()])
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }

  async function startCluster(): Promise<{ kubeconfigFile: string; stop?: () => Promise<void> }> {
    const given = await givenCluster(process.env)
    if (!given) return startControlPlane({ ...services, dataDir: join(folder, 'kubernetes') })
    given.client.close()
    console.log(`  Using the cluster of ${given.kubeconfigFile} (${given.url})`)
    return given
  }
}

/** By its imports, so that a part of the tests that needs no Kubernetes does not wait for it to be built. */
function asksForKubernetes(file: string): boolean {
  return specifiersIn(readFileSync(join(ROOT, file), 'utf8')).some((specifier) =>
    specifier.includes('testing/kubernetes'),
  )
}

function testFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.test.ts'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  return listed.split('\n').filter((file) => file && existsSync(join(ROOT, file)))
}

/** Node's own runner, one process a file; its closing lines count passed and failed. */
function runNode(files: string[], env: Record<string, string>): Promise<boolean> {
  // CI's machine may be shared and slow.
  const patience = Number(process.env.WARREN_TEST_PATIENCE ?? (process.env.CI ? 4 : 1))
  const args = ['--test', '--test-reporter=spec', `--test-timeout=${180_000 * patience}`, ...files]
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env, WARREN_TEST_PATIENCE: String(patience) },
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve) => child.on('exit', (code) => resolve(code === 0)))
}
