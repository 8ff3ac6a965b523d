import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type KubernetesClient, KubernetesError, type KubernetesObject } from '../client.ts'
import type { EnvEntry, NodeContainer, NodePod, Volume } from './pod.ts'

/** What a container's process is started with. */
export type ProcessSpec = {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

export type EnvironmentDeps = {
  readonly client: KubernetesClient
  /** The pod's own folder, which becomes its root of mounted paths and its working directory. */
  readonly folder: string
  readonly podIP: string
  /** The program of a container without a command: what the image would have as entry point. */
  readonly entrypoint: (image: string) => readonly string[]
}

/**
 * Writes the volumes and resolves variables, as a kubelet would. There is no mount namespace: a mounted path is a folder below the
 * pod's own, and where a variable or an argument begins with the path it is given that folder.
 *
 * @throws Error that says what is missing, for the reason CreateContainerConfigError
 */
export async function prepareContainer(
  deps: EnvironmentDeps,
  pod: NodePod,
  container: NodeContainer,
): Promise<ProcessSpec> {
  const { folder } = deps
  const mounts = container.volumeMounts ?? []
  for (const { name, mountPath } of mounts) {
    const volume = pod.spec.volumes?.find((one) => one.name === name)
    if (!volume) throw new Error(`there is no volume ${name}`)
    await fillVolume(deps.client, pod, volume, join(folder, mountPath))
  }
  const translate = (value: string) => {
    const mount = mounts.find(({ mountPath }) => value === mountPath || value.startsWith(`${mountPath}/`))
    return mount ? join(folder, value) : value
  }
  const env = await variables(deps, pod, container)
  const expand = (value: string) =>
    translate(value.replaceAll(/\$\((\w+)\)/g, (all, name) => env[name] ?? all))
  // The stand-in for an image is on this machine, and not below a path that a volume is mounted on.
  const entry = container.command?.length
    ? container.command.map(expand)
    : deps.entrypoint(container.image ?? '')
  const [command = '', ...args] = [...entry, ...(container.args ?? []).map(expand)]
  for (const [name, value] of Object.entries(env)) env[name] = expand(value)
  return { command, args, env, cwd: folder }
}

async function fillVolume(
  client: KubernetesClient,
  pod: NodePod,
  volume: Volume,
  target: string,
): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o700 })
  if (volume.emptyDir) return
  const { secret, configMap } = volume
  const source = secret ? { kind: 'secrets' as const, name: secret.secretName, ...secret } : undefined
  const from = source ?? (configMap ? { kind: 'configmaps' as const, ...configMap } : undefined)
  if (!from) throw new Error(`volume ${volume.name} is of a kind that a node of the tests does not have`)
  const data = await read(client, pod, from.kind, from.name, from.optional)
  const files = from.items ?? Object.keys(data).map((key) => ({ key, path: key }))
  for (const { key, path } of files) {
    const value = data[key]
    if (value === undefined) throw new Error(`references non-existent key ${key} of ${from.name}`)
    await mkdir(dirname(join(target, path)), { recursive: true })
    await writeFile(join(target, path), value, { mode: 0o600 })
  }
}

async function variables(
  { client, podIP }: EnvironmentDeps,
  pod: NodePod,
  container: NodeContainer,
): Promise<Record<string, string>> {
  const env: Record<string, string> = {}
  for (const { prefix = '', secretRef, configMapRef } of container.envFrom ?? []) {
    const ref = secretRef ?? configMapRef
    if (!ref) continue
    const data = await read(client, pod, secretRef ? 'secrets' : 'configmaps', ref.name, ref.optional)
    for (const [key, value] of Object.entries(data)) env[`${prefix}${key}`] = value.toString()
  }
  for (const entry of container.env ?? []) {
    const value = await resolveEntry(client, pod, podIP, entry)
    if (value !== undefined) env[entry.name] = value
  }
  return env
}

async function resolveEntry(
  client: KubernetesClient,
  pod: NodePod,
  podIP: string,
  { name, value, valueFrom }: EnvEntry,
): Promise<string | undefined> {
  if (!valueFrom) return value ?? ''
  const { fieldRef, secretKeyRef, configMapKeyRef } = valueFrom
  if (fieldRef) return field(pod, podIP, fieldRef.fieldPath)
  const ref = secretKeyRef ?? configMapKeyRef
  if (!ref) throw new Error(`variable ${name} has a source that a node of the tests does not have`)
  const data = await read(client, pod, secretKeyRef ? 'secrets' : 'configmaps', ref.name, ref.optional)
  if (data[ref.key] === undefined && !ref.optional)
    throw new Error(`couldn't find key ${ref.key} in ${ref.name}`)
  return data[ref.key]?.toString()
}

function field({ metadata, spec }: NodePod, podIP: string, path: string): string {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path)
  if (keyed) return metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? ''
  const known: Record<string, string | undefined> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec.nodeName,
    'status.podIP': podIP,
  }
  const value = known[path]
  if (value === undefined) throw new Error(`field ${path} is not known to a node of the tests`)
  return value
}

/** The contents of a Secret (decoded) or ConfigMap; none when it is optional and missing. */
async function read(
  client: KubernetesClient,
  { metadata }: NodePod,
  kind: 'secrets' | 'configmaps',
  name: string,
  optional = false,
): Promise<Record<string, Buffer>> {
  const path = `/api/v1/namespaces/${metadata.namespace}/${kind}/${name}`
  type Stored = KubernetesObject & { data?: Record<string, string> }
  const found = await client.request<Stored>('GET', path).catch((error: unknown) => {
    if (!(error instanceof KubernetesError && error.status === 404)) throw error
    if (optional) return undefined
    throw new Error(`${kind.slice(0, -1)} "${name}" not found`)
  })
  const encoding = kind === 'secrets' ? 'base64' : 'utf8'
  return Object.fromEntries(
    Object.entries(found?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, encoding)]),
  )
}
