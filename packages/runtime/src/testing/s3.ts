import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  defaultCacheDir,
  findExecutable,
  freePort,
  installFromPypi,
  startServerProcess,
} from '../embedded/index.ts'
import type { Cleanup } from './temp-dir.ts'

export type S3Peer = {
  endpoint: string
  accessKey: string
  secretKey: string
  /** What serves, for the test's output. */
  origin: string
  /** moto accepts any signature. */
  checksSignatures: boolean
}

const MOTO = [
  { name: 'moto', version: '5.2.5', extras: ['s3'] },
  { name: 'flask', version: '3.1.3' },
  { name: 'flask-cors', version: '6.0.5' },
] as const

/**
 * Something that speaks S3: the one of `S3_ENDPOINT` (with `S3_ACCESS_KEY` and `S3_SECRET_KEY`), else `versitygw` from the PATH or
 * the cache, else moto from PyPI, which knows the protocol but checks no signature.
 */
export async function withS3(file: Cleanup): Promise<S3Peer> {
  const { env } = process
  const { S3_ENDPOINT, S3_ACCESS_KEY = '', S3_SECRET_KEY = '' } = env
  if (S3_ENDPOINT) {
    const given = { endpoint: S3_ENDPOINT, accessKey: S3_ACCESS_KEY, secretKey: S3_SECRET_KEY }
    return { ...given, origin: 'S3_ENDPOINT', checksSignatures: true }
  }
  const cacheDir = defaultCacheDir(env)
  const folder = mkdtempSync(join(tmpdir(), 'warren-s3-'))
  const keys = { accessKey: 'warren', secretKey: 'only-for-tests' }
  const versitygw =
    (await findExecutable(['versitygw'], env.PATH)) ??
    (await findExecutable(['versitygw'], [cacheDir, join(cacheDir, 'bin')]))
  const server = versitygw ? await startVersity(versitygw) : await startMoto()
  file.after(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  })
  return { ...keys, ...server }

  async function startVersity(command: string) {
    const port = await freePort()
    const data = join(folder, 'data')
    mkdirSync(data)
    const { stop } = await startServerProcess({
      command,
      args: ['--port', `127.0.0.1:${port}`, 'posix', data],
      env: { ...env, ROOT_ACCESS_KEY: keys.accessKey, ROOT_SECRET_KEY: keys.secretKey },
      logFile: join(folder, 'server.log'),
      ready: /listening on/i,
      startTimeoutMs: 10_000,
    })
    return { endpoint: `http://127.0.0.1:${port}`, stop, origin: command, checksSignatures: true }
  }

  async function startMoto() {
    const installed = await installFromPypi(MOTO, { cacheDir, env, otherwise: 'set S3_ENDPOINT' })
    const { stop, match } = await startServerProcess({
      command: installed.python,
      args: ['-m', 'moto.server', '-H', '127.0.0.1', '-p', '0'],
      env: { ...env, PYTHONPATH: installed.folder, PYTHONSAFEPATH: '1', PYTHONUNBUFFERED: '1' },
      logFile: join(folder, 'server.log'),
      ready: /Running on (http:\/\/\S+)/,
      startTimeoutMs: 30_000,
    })
    return { endpoint: match[1] ?? '', stop, origin: 'moto 5.2.5 (PyPI)', checksSignatures: false }
  }
}
