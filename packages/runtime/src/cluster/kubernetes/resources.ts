/** The kinds of Kubernetes that Warren uses, and where they are served. */
import { GROUP, KIND, PLURAL, VERSION } from '@warren/contracts'

export type Resource = { readonly apiVersion: string; readonly kind: string; readonly plural: string }

export const INSTANCES: Resource = { apiVersion: `${GROUP}/${VERSION}`, kind: KIND, plural: PLURAL }
export const PODS: Resource = { apiVersion: 'v1', kind: 'Pod', plural: 'pods' }
export const SECRETS: Resource = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' }
export const NAMESPACES: Resource = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces' }
export const NODES: Resource = { apiVersion: 'v1', kind: 'Node', plural: 'nodes' }
export const EVENTS: Resource = { apiVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events' }
export const LEASES: Resource = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases' }

export type Target = { readonly namespace?: string; readonly name?: string; readonly subresource?: string }

/** Path of a collection, an object or a subresource, e.g. `/apis/warren.dev/v1alpha1/namespaces/shop/whatsappinstances/sales/status`. */
export function pathOf({ apiVersion, plural }: Resource, { namespace, name, subresource }: Target): string {
  const root = apiVersion.includes('/') ? 'apis' : 'api'
  const scope = namespace === undefined ? [] : ['namespaces', encodeURIComponent(namespace)]
  const parts = [root, apiVersion, ...scope, plural]
  if (name !== undefined) parts.push(encodeURIComponent(name))
  if (subresource !== undefined) parts.push(subresource)
  return `/${parts.join('/')}`
}
