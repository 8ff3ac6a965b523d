import { isWarrenError } from '@warren/contracts'
import type { KubernetesApi, KubernetesObject } from './api.ts'
import { LEASES } from './resources.ts'

/** A coordination.k8s.io Lease, as leader election uses it. Times are ISO texts of the writer's clock. */
export type LeaseRecord = {
  /** Empty when it was released. */
  readonly holder: string
  readonly durationSeconds: number
  readonly acquiredAt: string
  readonly renewedAt: string
  /** How often the holder changed. */
  readonly transitions: number
}

export type VersionedLease = { readonly record: LeaseRecord; readonly version: string }

/** One Lease. Its writes are atomic: of two that saw the same version, one fails. */
export type LeaseStore = {
  read(): Promise<VersionedLease | undefined>
  /**
   * @param version of the lease that is replaced; undefined makes it
   * @throws WarrenError `conflict` or `already_exists` when somebody else was quicker
   */
  write(record: LeaseRecord, version: string | undefined): Promise<VersionedLease>
}

type Lease = KubernetesObject & {
  readonly spec?: {
    readonly holderIdentity?: string
    readonly leaseDurationSeconds?: number
    readonly acquireTime?: string
    readonly renewTime?: string
    readonly leaseTransitions?: number
  }
}

export function createLeaseStore(
  api: KubernetesApi,
  key: { readonly namespace: string; readonly name: string },
): LeaseStore {
  return {
    async read() {
      try {
        return recordOf(await api.get<Lease>(LEASES, key))
      } catch (error) {
        if (isWarrenError(error, 'not_found')) return undefined
        throw error
      }
    },
    async write(record, version) {
      const metadata = { ...key, ...(version === undefined ? {} : { resourceVersion: version }) }
      const { apiVersion, kind } = LEASES
      const object = { apiVersion, kind, metadata, spec: specOf(record) }
      return recordOf(
        version === undefined
          ? await api.create<Lease>(LEASES, key.namespace, object)
          : await api.replace<Lease>(LEASES, key, object),
      )
    },
  }
}

function specOf(record: LeaseRecord): Lease['spec'] {
  return {
    holderIdentity: record.holder,
    leaseDurationSeconds: record.durationSeconds,
    acquireTime: micro(record.acquiredAt),
    renewTime: micro(record.renewedAt),
    leaseTransitions: record.transitions,
  }
}

function recordOf({ metadata, spec = {} }: Lease): VersionedLease {
  const record = {
    holder: spec.holderIdentity ?? '',
    durationSeconds: spec.leaseDurationSeconds ?? 1,
    acquiredAt: spec.acquireTime ?? '',
    renewedAt: spec.renewTime ?? '',
    transitions: spec.leaseTransitions ?? 0,
  }
  return { record, version: metadata.resourceVersion }
}

/** MicroTime has six digits after the second. */
const micro = (iso: string) => iso.replace(/\.(\d{3})Z$/, '.$1000Z')
