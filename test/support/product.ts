/**
 * Warren as a user starts it: `standalone/src/main.ts` in a process of its own, with its own data services, driven through its files and
 * its REST API only.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Cleanup, until } from '@warren/runtime/testing'
import { createSimulatorClient, type SimulatorOperations } from '@warren/simulator'

const MAIN = join(import.meta.dirname, '..', '..', 'standalone', 'src', 'main.ts')
const OWNER = 'owner@example.com'

export type Product = {
  readonly url: string
  /** Where YAML files are applied. */
  readonly instances: string
  readonly simulator: SimulatorOperations
  readonly process: ChildProcess
  /** What it printed so far. */
  output(): string
  /** Ctrl-C; resolves with the exit code. */
  interrupt(): Promise<number | null>
  /** A signed-in caller of `/api/v1`. */
  signIn(): Promise<Caller>
}

export type Caller = {
  readonly token: string
  /** @throws Error with the problem document when the status is not 2xx */
  call<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T>
}

/** Starts it on a free port with the simulator and no demonstration; stopped after the test. */
export async function startProduct(test: Cleanup, dataDir: string): Promise<Product> {
  const env = { ...process.env, NO_COLOR: '1' }
  // Data services of its own: a restart must find its data, and others must not.
  for (const name of ['MONGODB_URI', 'REDIS_URL', 'S3_ENDPOINT']) Reflect.deleteProperty(env, name)
  const child = spawn(process.execPath, [MAIN, '--no-demo', '--port', '0', '--data', dataDir], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const interrupt = () => {
    child.kill('SIGINT')
    return exited
  }
  test.after(async () => void (await interrupt()))
  // A test process that throws before its first test, or is killed, runs no `after`: the end of this pipe ends the product as well.
  const guard = spawn('/bin/sh', ['-c', `read -r _; kill -INT ${child.pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.unref()
  void exited.then(() => guard.kill('SIGKILL'))
  const whatItSaid = (error: Error): never => {
    throw new Error(`${error.message}\nIts output ended with:\n${output.slice(-2_000)}`, { cause: error })
  }

  const status = await until(() => readStatus(dataDir, child), {
    timeoutMs: 90_000,
    describe: 'warren.json to be written',
  }).catch(whatItSaid)
  await until(async () => (await fetch(`${status.url}/readyz`)).ok, {
    timeoutMs: 30_000,
    describe: 'readiness',
  }).catch(whatItSaid)
  return {
    url: status.url,
    instances: status.instances,
    simulator: createSimulatorClient(status.controlUrl),
    process: child,
    output: () => output,
    interrupt,
    signIn: () => signIn(status.url, readFileSync(join(dataDir, 'secrets', 'owner-password'), 'utf8')),
  }
}

type Status = { pid: number; url: string; controlUrl: string; instances: string }

function readStatus(dataDir: string, child: ChildProcess): Status | undefined {
  if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
  const status: Status = JSON.parse(readFileSync(join(dataDir, 'warren.json'), 'utf8'))
  return status.pid === child.pid ? status : undefined
}

async function signIn(url: string, storedPassword: string): Promise<Caller> {
  const password = Buffer.from(storedPassword, 'base64').toString('base64url').slice(0, 20)
  const { accessToken } = await request<{ accessToken: string }>(url, undefined, 'POST', '/auth/login', {
    email: OWNER,
    password,
  })
  return { token: accessToken, call: (method, path, body) => request(url, accessToken, method, path, body) }
}

async function request<T>(
  url: string,
  token: string | undefined,
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const form = body instanceof FormData
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body && !form ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: form ? body : JSON.stringify(body) } : {}),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return (text ? JSON.parse(text) : undefined) as T
}

/** Processes whose environment or command line mentions a text: what a start left behind. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => {
      try {
        return ['cmdline', 'environ'].some((file) =>
          readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(text),
        )
      } catch {
        return false
      }
    })
}

/** The process that runs the session of an instance under a product's data folder. */
export function sessionProcess(dataDir: string, instance: string): number | undefined {
  return processesWith(`WARREN_INSTANCE=${instance}\0`).find((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8')
      return (
        command.includes('session-pod') && !command.startsWith('/bin/sh') && environment.includes(dataDir)
      )
    } catch {
      return false
    }
  })
}
