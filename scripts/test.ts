/**
 * `npm test [-- WORD ...]`: the checks, then every test file (or those whose path contains one of the words). MongoDB and Redis are started
 * once and shared; each test file takes names of its own. `-- --no-check` leaves the checks out.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { startMongo, startRedis } from '@warren/runtime/embedded'
import { check } from './check.ts'

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
  console.log(`Running ${files.length} test files on ${availableParallelism()} cores ...`)
  try {
    return await runNode(files, { REDIS_URL: redis.uri, MONGODB_URI: mongo.uri })
  } finally {
    await Promise.all([redis.stop(), mongo.stop()])
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
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
  const args = ['--test', '--test-reporter=spec', '--test-timeout=180000', ...files]
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve) => child.on('exit', (code) => resolve(code === 0)))
}
