/**
 * The chart on a real cluster of two nodes, from installation to removal, with messages going both ways all the while. Run by
 * `npm run test:cluster`, in the cluster's network.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { tempDir, until } from '@warren/runtime/testing'
import { createSimulatorClient, type SimulatorOperations } from '@warren/simulator'
import { processesWith } from '../support/product.ts'
import { startDataServices } from './support/data-services.ts'
import { type Api, startTraffic, type Traffic } from './support/traffic.ts'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '..', '..')
const KUBECTL_WA = join(ROOT, 'cli', 'bin', 'kubectl-wa.mjs')
const NAMESPACE = 'warren'
const NAME = 'shop'
const ID = `${NAMESPACE}.${NAME}`
const NUMBER = '491700000021'
const CONTACT = '491700000022'
/** Generous: on a machine that does other things too, all of this takes ten times as long. */
const PATIENCE_MS = 300_000
const HELM_TIMEOUT = '600s'
const { WARREN_IMAGE_TAG: tag = '', WARREN_NEXT_IMAGE_TAG: nextTag = '' } = process.env

const services = await startDataServices({ after })
const folder = tempDir({ after })

const kubectl = async (...args: string[]) => (await run('kubectl', ['-n', NAMESPACE, ...args])).stdout.trim()
const get = async (what: string, path: string) => kubectl('get', what, '-o', `jsonpath={${path}}`)
const podOf = () => get(`wai/${NAME}`, '.status.pod')
const podUid = async () => get(`pod/${await podOf()}`, '.metadata.uid')
const ready = () => kubectl('wait', '--for=condition=Ready', `wai/${NAME}`, '--timeout=300s')

/** The values of an installation with this tag. */
function values(imageTag: string): string {
  const file = join(folder, `values-${imageTag}.json`)
  const { mongodbUri, redisUrl, s3 } = services
  writeFileSync(
    file,
    JSON.stringify({
      image: { registry: 'localhost', tag: imageTag, pullPolicy: 'Never' },
      mongodb: { uri: mongodbUri },
      redis: { url: redisUrl },
      s3,
      // What it remembers is the phone's side of the world; a new image is not to make it forget.
      simulator: { enabled: true, image: { tag } },
      api: {
        config: { ALLOW_SIGNUP: 'true', RATE_LIMIT_API: '100000/900', RATE_LIMIT_MESSAGES: '100000/60' },
      },
    }),
  )
  return file
}

async function helm(command: 'install' | 'upgrade', imageTag: string): Promise<void> {
  const chart = join(ROOT, 'charts', 'warren')
  const how = [
    '-n',
    NAMESPACE,
    '--create-namespace',
    '--wait',
    '--timeout',
    HELM_TIMEOUT,
    '-f',
    values(imageTag),
  ]
  await run('helm', [command, 'warren', chart, ...how])
}

/** REST as a client outside would use it, through the Service. */
function createApi(url: string, token?: string): Api {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        ...headers,
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text ? JSON.parse(text) : undefined
  }
}

describe('Warren on Kubernetes', { concurrency: 1 }, () => {
  let api: Api
  let simulator: SimulatorOperations
  let traffic: Traffic | undefined
  let apiUrl: string
  let standing = true

  // Not where it begins: there it would end with the step.
  after(() => traffic?.stop())

  /** Each one builds on those before it. */
  const step = (name: string, work: () => Promise<void>) =>
    it(name, async () => {
      assert.ok(standing, 'an earlier step failed')
      standing = false
      await work()
      standing = true
    })

  /** Waits until so many more messages have arrived on each side. */
  const moreTraffic = async (count = 10) => {
    const { arrived } = started(traffic)
    const before = await arrived()
    await until(
      async () => {
        const { out, back } = await arrived()
        return out >= before.out + count && back >= before.back + count
      },
      { timeoutMs: PATIENCE_MS, everyMs: 250, describe: 'traffic' },
    )
  }

  step('is installed with Helm', async () => {
    // What keeps its state in memory goes to node 1, the session to node 2, which is drained later.
    await run('kubectl', ['cordon', 'node2'])
    await helm('install', tag)
    await run('kubectl', ['uncordon', 'node2'])
    apiUrl = `http://${await get('service/warren-api', '.spec.clusterIP')}`
    simulator = createSimulatorClient(
      `http://${await get('service/warren-simulator', '.spec.clusterIP')}:7701`,
    )
    assert.equal((await fetch(`${apiUrl}/readyz`)).status, 200)
  })

  step('makes of a resource a session that a phone is linked to', async () => {
    const registration = {
      email: 'owner@example.com',
      password: 'correct horse battery',
      organization: 'Acme',
    }
    type SignedIn = { accessToken: string; organization: { id: string } }
    const signedIn = await createApi(apiUrl)<SignedIn>('POST', '/auth/register', registration)
    api = createApi(apiUrl, signedIn.accessToken)
    await simulator.phones.create({ number: NUMBER, pushName: 'Shop' })
    await simulator.contacts.set({ number: CONTACT })
    const instance = {
      apiVersion: 'warren.dev/v1alpha1',
      kind: 'WhatsAppInstance',
      metadata: { name: NAME, namespace: NAMESPACE },
      spec: { organization: signedIn.organization.id },
    }
    writeFileSync(join(folder, 'instance.json'), JSON.stringify(instance))
    await run('kubectl', ['cordon', 'node1'])
    await kubectl('apply', '-f', join(folder, 'instance.json'))
    const { qr } = await until(() => api<{ qr: string }>('GET', `/instances/${ID}/qr`), {
      timeoutMs: PATIENCE_MS,
      everyMs: 250,
      describe: 'a QR',
    })
    await simulator.phones.scan(NUMBER, qr)
    await ready()
    await run('kubectl', ['uncordon', 'node1'])
    assert.equal(await get(`pod/${await podOf()}`, '.spec.nodeName'), 'node2')
    traffic = startTraffic({ api, simulator, id: ID, number: NUMBER, contact: CONTACT })
    await moreTraffic()
  })

  step('starts the session again after a kill -9', async () => {
    const pod = await podOf()
    const restarts = () => get(`pod/${pod}`, '.status.containerStatuses[0].restartCount')
    const before = Number(await restarts())
    const [pid] = processesWith(`WARREN_INSTANCE=${ID}\0`).filter(isSession)
    assert.ok(pid, 'the session is a process of this machine')
    process.kill(pid, 'SIGKILL')
    await until(async () => Number(await restarts()) === before + 1, {
      timeoutMs: PATIENCE_MS,
      everyMs: 250,
      describe: 'the restart',
    })
    await ready()
    await moreTraffic()
  })

  step('replaces a pod that was deleted behind its back', async () => {
    const before = await podUid()
    await kubectl('delete', 'pod', await podOf(), '--wait=false')
    await until(async () => (await podUid()) !== before, {
      timeoutMs: PATIENCE_MS,
      everyMs: 250,
      describe: 'another pod',
    })
    await ready()
    await moreTraffic()
  })

  step('moves the session when its node is drained', async () => {
    await run('kubectl', [
      'drain',
      'node2',
      '--ignore-daemonsets',
      '--delete-emptydir-data',
      '--timeout=300s',
    ])
    await until(async () => (await get(`pod/${await podOf()}`, '.spec.nodeName')) === 'node1', {
      timeoutMs: PATIENCE_MS,
      everyMs: 250,
      describe: 'the session on node 1',
    })
    await ready()
    await moreTraffic()
    await run('kubectl', ['uncordon', 'node2'])
  })

  step('is upgraded: every component and the session', async () => {
    await helm('upgrade', nextTag)
    await until(
      async () => (await get(`pod/${await podOf()}`, '.spec.containers[0].image')).endsWith(nextTag),
      {
        timeoutMs: PATIENCE_MS,
        everyMs: 250,
        describe: 'a session of the new image',
      },
    )
    await ready()
    await moreTraffic()
  })

  step('has lost nothing and doubled nothing', async () => {
    const { out, back } = await started(traffic).stopAndCompare()
    console.log(`  ${out} messages out and ${back} in, all of them once`)
  })

  step('is used by a person with a kubeconfig alone, through a forwarded port', async () => {
    const wa = async (...args: string[]) =>
      (await run(process.execPath, [KUBECTL_WA, '-n', NAMESPACE, ...args])).stdout
    assert.match(await wa('status', NAME), /✔ Ready/)
    assert.match(await wa('logs', NAME, '--tail', '5'), new RegExp(`"instance":"${ID}"`))
    const number = '491700000023'
    await simulator.contacts.set({ number })
    const sent = await wa('send', NAME, number, 'by hand', '--wait', 'delivered', '--timeout', '60s')
    const { entries } = await simulator.ledger.read({ id: sent.trim() })
    assert.equal(entries.length, 1)
  })

  step('tells its story to kubectl, and goes without a trace of the session', async () => {
    assert.match(await kubectl('get', 'wai', NAME), /Running|Ready|Connected/)
    await kubectl('delete', 'wai', NAME, '--timeout=300s')
    assert.equal(await kubectl('get', 'pods', '-l', 'app.kubernetes.io/component=session', '-o', 'name'), '')
    await run('helm', ['uninstall', 'warren', '-n', NAMESPACE, '--wait', '--timeout', HELM_TIMEOUT])
  })
})

function started(traffic: Traffic | undefined): Traffic {
  assert.ok(traffic, 'the traffic was started')
  return traffic
}

/** Not the shim or a probe that carries the same environment. */
function isSession(pid: number): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('/app/main.mjs')
}
