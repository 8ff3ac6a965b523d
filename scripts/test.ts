/**
 * `npm test [-- WORD ...]`: the checks, then every test file (or those whose path contains one of the words). MongoDB, Redis and, where a
 * file asks for it, a Kubernetes control plane are started once and shared; each test file takes names of its own. `-- --no-check` leaves
 * the checks out.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { startMongo, startRedis } from '@warren/runtime/embedded'
import { givenCluster, startControlPlane } from '@warren/runtime/testing/kubernetes'
import { check } from './check.ts'
import { specifiersIn } from './import-law.ts'

const ROOT = join(import.meta.dirname, '..')

/** CI's machine may be shared and slow: deadlines are longer there, and what failed is run once more by itself. */
const CI = Boolean(process.env.CI)
const PATIENCE = Number(process.env.WARREN_TEST_PATIENCE ?? (CI ? 3 : 1))

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

async function runNode(files: string[], env: Record<string, string>): Promise<boolean> {
  const failed = await runOnce(files, env)
  if (failed.length === 0 || !CI) return failed.length === 0
  console.log(`${failed.length} test files failed; they run once more ...`)
  return (await runOnce(failed, env)).length === 0
}

/** Node's own runner, one process a file; its closing lines count passed and failed. Returns the files that failed. */
function runOnce(files: string[], env: Record<string, string>): Promise<string[]> {
  const list = join(mkdtempSync(join(tmpdir(), 'warren-failed-')), 'files')
  const reporters = ['--test-reporter=spec', '--test-reporter-destination=stdout']
  reporters.push(
    `--test-reporter=${join(ROOT, 'scripts', 'failed-files.ts')}`,
    `--test-reporter-destination=${list}`,
  )
  const child = spawn(
    process.execPath,
    // One file a core: Node would leave a core free, but files wait more than they compute.
    [
      '--test',
      `--test-concurrency=${availableParallelism()}`,
      ...reporters,
      `--test-timeout=${CI ? 300_000 : 180_000}`,
      ...files,
    ],
    {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env, WARREN_TEST_PATIENCE: String(PATIENCE) },
    },
  )
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve) =>
    child.on('exit', (code) => {
      const failed = existsSync(list) ? readFileSync(list, 'utf8').split('\n').filter(Boolean) : []
      rmSync(dirname(list), { recursive: true, force: true })
      // An end without a failed file is one of the runner itself.
      resolve(code === 0 ? [] : failed.length > 0 ? failed : files)
    }),
  )
}
