import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { instanceCrd } from '@warren/contracts'
import type { Environment } from '../../embedded/index.ts'
import type { Cleanup } from '../temp-dir.ts'
import { until } from '../until.ts'
import { createKubernetesClient, type KubernetesClient, type KubernetesError } from './client.ts'
import { type ControlPlane, startControlPlane } from './control-plane.ts'

/** A cluster for a test file, which others may use at the same time. */
export type TestCluster = {
  readonly url: string
  readonly kubeconfigFile: string
  readonly kubeconfig: string
  readonly client: KubernetesClient
  /** This file's own, removed in the end. */
  readonly namespace: string
  /** Makes one more namespace that is removed in the end. */
  createNamespace(labels?: Record<string, string>): Promise<string>
}

/**
 * Kubernetes for a test file, with Warren's resource installed: the cluster of `WARREN_TEST_KUBECONFIG` when the test run has started one for
 * all files, else that of `KUBECONFIG` when it answers, else a control plane of its own, started now and stopped after. Others use it too:
 * an operator under test looks after the file's own namespaces only.
 */
export async function withKubernetes(file: Cleanup): Promise<TestCluster> {
  const given = await givenCluster(process.env)
  const { cluster, removeNamespaces } = await prepare(given ?? (await startOwn(file, {})))
  if (given)
    file.after(async () => {
      await removeNamespaces()
      given.client.close()
    })
  return cluster
}

/** A control plane that one test file owns and may stop, with Warren's resource installed. */
export async function ownControlPlane(
  file: Cleanup,
  options: { nodeLifecycle?: boolean } = {},
): Promise<ControlPlane & TestCluster> {
  const plane = await startOwn(file, options)
  const { cluster } = await prepare(plane)
  return { ...plane, ...cluster }
}

type Reached = Pick<TestCluster, 'url' | 'kubeconfigFile' | 'kubeconfig' | 'client'>

/** The cluster that the environment names. A test run's own must answer; a person's need not be meant for this. */
export async function givenCluster(env: Environment): Promise<Reached | undefined> {
  const kubeconfigFile = env.WARREN_TEST_KUBECONFIG || env.KUBECONFIG
  if (!kubeconfigFile) return undefined
  try {
    const kubeconfig = await readFile(kubeconfigFile, 'utf8')
    const client = await createKubernetesClient(kubeconfig)
    await client.request('GET', '/readyz')
    return { url: client.url, kubeconfigFile, kubeconfig, client }
  } catch (cause) {
    if (!env.WARREN_TEST_KUBECONFIG) return undefined
    throw new Error(`The cluster of WARREN_TEST_KUBECONFIG (${kubeconfigFile}) does not answer.`, { cause })
  }
}

async function startOwn(file: Cleanup, options: { nodeLifecycle?: boolean }): Promise<ControlPlane> {
  const dataDir = mkdtempSync(join(tmpdir(), 'warren-kubernetes-'))
  const remove = () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 })
  const onProgress = (line: string) => console.error(line)
  try {
    const plane = await startControlPlane({ dataDir, env: process.env, onProgress, ...options })
    file.after(async () => {
      await plane.stop()
      remove()
    })
    return plane
  } catch (error) {
    remove()
    throw error
  }
}

async function prepare(reached: Reached) {
  const { client } = reached
  const made: string[] = []
  const createNamespace = async (labels: Record<string, string> = {}) => {
    const name = `test-${randomBytes(5).toString('hex')}`
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }
    await client.request('POST', '/api/v1/namespaces', { body: namespace })
    made.push(name)
    return name
  }
  await installResource(client)
  const { url, kubeconfigFile, kubeconfig } = reached
  const namespace = await createNamespace()
  const cluster: TestCluster = { url, kubeconfigFile, kubeconfig, client, namespace, createNamespace }
  const removeNamespaces = async () => {
    for (const name of made)
      await client.request('DELETE', `/api/v1/namespaces/${name}`).catch((error: KubernetesError) => {
        if (error.status !== 404) throw error
      })
  }
  return { cluster, removeNamespaces }
}

async function installResource(client: KubernetesClient): Promise<void> {
  const crd = instanceCrd()
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${crd.metadata.name}`
  await client.apply(path, crd)
  const { group, names, versions } = crd.spec
  await until(() => client.request('GET', `/apis/${group}/${versions[0]?.name}/${names.plural}?limit=1`), {
    timeoutMs: 30_000,
    describe: 'the API of Warren’s resource',
  })
}
