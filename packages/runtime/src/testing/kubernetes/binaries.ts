import { join } from 'node:path'
import { findExecutable } from '../../embedded/index.ts'
import { type BinaryOptions, buildGoProgram } from './go-program.ts'

/** The Kubernetes that is built. Later minors refuse the first version of control groups and containerd 1.6 by default. */
export const KUBERNETES_VERSION = '1.34.4'

/** A program and the arguments that make it the wanted component. */
export type Component = { readonly command: string; readonly prefix: readonly string[] }

export type ControlPlaneBinaries = {
  readonly etcd: Component
  readonly apiServer: Component
  readonly controllerManager: Component
  /** Where they come from, for people. */
  readonly origin: string
}

/**
 * The control plane's programs: those of the PATH when all three are there, else ours, see {@link buildHyperkube}.
 *
 * @throws Error with one sentence that says what is missing and what to do
 */
export async function findControlPlane(options: BinaryOptions): Promise<ControlPlaneBinaries> {
  const names = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const
  const [etcd, apiServer, controllerManager] = await Promise.all(
    names.map((name) => findExecutable([name], options.env.PATH)),
  )
  if (etcd && apiServer && controllerManager) {
    const given = (command: string): Component => ({ command, prefix: [] })
    return {
      etcd: given(etcd),
      apiServer: given(apiServer),
      controllerManager: given(controllerManager),
      origin: apiServer,
    }
  }
  const command = await buildHyperkube(options)
  const part = (name: string): Component => ({ command, prefix: [name] })
  return {
    etcd: part(names[0]),
    apiServer: part(names[1]),
    controllerManager: part(names[2]),
    origin: `Kubernetes ${KUBERNETES_VERSION} (built from the Go module proxy)`,
  }
}

/**
 * The path of one program that holds etcd and all of Kubernetes' components.
 *
 * @throws Error with one sentence that says what is missing and what to do
 */
export function buildHyperkube(options: BinaryOptions): Promise<string> {
  const [major = '', minor = ''] = KUBERNETES_VERSION.split('.')
  const version = 'k8s.io/component-base/version'
  const program = {
    sources: join(import.meta.dirname, 'hyperkube'),
    title: 'kube-apiserver and etcd',
    about: '9 minutes',
    // Else the server calls itself v0.0.0, and clients doubt what it can do.
    set: {
      [`${version}.gitVersion`]: `v${KUBERNETES_VERSION}`,
      [`${version}.gitMajor`]: major,
      [`${version}.gitMinor`]: minor,
    },
    otherwise:
      'put kube-apiserver, etcd and kube-controller-manager on the PATH, or set WARREN_TEST_KUBECONFIG',
  }
  return buildGoProgram(program, options)
}
