/** The Helm chart as tests see it: values in, objects out. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findHelm, type KubernetesObject } from '@warren/runtime/testing/kubernetes'
import { parse, parseAllDocuments } from 'yaml'

export const ROOT = join(import.meta.dirname, '..', '..', '..')
export const CHART = join(ROOT, 'charts', 'warren')

export type Values = { [name: string]: unknown }

/** The sets of values that the tests look at, by file name in `test/chart/values`. */
export const VALUE_SETS = ['minimal', 'highly-available', 'namespaced', 'everything'] as const
export type ValueSet = (typeof VALUE_SETS)[number]

export function valuesOf(set: ValueSet): Values {
  return parse(readFileSync(join(import.meta.dirname, '..', 'values', `${set}.yaml`), 'utf8'))
}

const helmPath = await findHelm({ env: process.env, onProgress: (line) => console.error(line) })

/** Runs helm, with values on its standard input where there are any. */
export function helm(
  args: string[],
  values?: Values,
): { status: number | null; stdout: string; stderr: string } {
  const all = values ? [...args, '--values', '-'] : args
  return spawnSync(helmPath, all, {
    input: JSON.stringify(values ?? {}),
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
}

/** What helm would install, as text. @throws Error with what helm said */
export function renderText(values: Values, namespace = 'warren'): string {
  const { status, stdout, stderr } = helm(['template', 'warren', CHART, '--namespace', namespace], values)
  if (status !== 0) throw new Error(stderr)
  return stdout
}

/** What helm would install. @throws Error with what helm said */
export function render(values: Values, namespace = 'warren'): KubernetesObject[] {
  return parseAllDocuments(renderText(values, namespace)).flatMap((document) => {
    if (document.errors.length > 0) throw document.errors[0]
    const object = document.toJS() as KubernetesObject | null
    return object ? [object] : []
  })
}

const rendered = new Map<ValueSet, readonly KubernetesObject[]>()

/** What helm would install with one of the sets; rendered once, since several tests look at it. */
export function objectsOf(set: ValueSet): readonly KubernetesObject[] {
  const objects = rendered.get(set) ?? render(valuesOf(set))
  rendered.set(set, objects)
  return objects
}

/** The one object of a kind whose name ends so. @throws Error when there is none or more than one */
export function pick(objects: readonly KubernetesObject[], kind: string, nameEnd: string): KubernetesObject {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name.endsWith(nameEnd))
  const [only] = found
  if (!only || found.length > 1) throw new Error(`${found.length} objects are a ${kind} ${nameEnd}`)
  return only
}

/** Anything below an object, by a path such as `spec.template.spec.containers.0.image`. */
export function at(object: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Values | undefined)?.[key], object)
}

type PodSpec = {
  containers: Values[]
  initContainers?: Values[]
  volumes?: Values[]
  securityContext?: Values
  serviceAccountName?: string
  automountServiceAccountToken?: boolean
}

/** The pods that objects make, with the name of the object. */
export function podsOf(objects: readonly KubernetesObject[]): { name: string; spec: PodSpec }[] {
  return objects.flatMap((object) => {
    const path = object.kind === 'Pod' ? 'spec' : 'spec.template.spec'
    const spec = at(object, path) as PodSpec | undefined
    return spec?.containers ? [{ name: `${object.kind} ${object.metadata.name}`, spec }] : []
  })
}
