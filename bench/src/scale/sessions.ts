/**
 * Linked sessions without a process behind them: for each running pod the document and the news that a session pod would write while it
 * takes its lease and connects. What happened within a moment is written in one piece, so that a thousand of them cost the machine little.
 */
import {
  CHANNELS,
  instanceIdOf,
  type SessionDoc,
  type SessionKey,
  type SessionStatus,
  sessionKeyOf,
} from '@warren/contracts'
import type { Bus } from '@warren/runtime/bus'
import type { MongoConnection } from '@warren/runtime/mongo'
import type { KubernetesClient, KubernetesObject } from '@warren/runtime/testing/kubernetes'
import { watchAgain } from './watch-again.ts'

/** No lease ends while somebody measures. */
const LEASE_MS = 3 * 3600_000
const ORGANIZATION_LABEL = 'warren.dev/organization'

type Started = { readonly key: SessionKey; readonly doc: SessionDoc }

export async function followPods(deps: {
  readonly client: KubernetesClient
  readonly db: MongoConnection['db']
  readonly bus: Bus
  readonly namespace: string
  readonly signal: AbortSignal
}): Promise<void> {
  const sessions = deps.db.collection<SessionDoc>('sessions')
  const seen = new Set<string>()
  let waiting: Started[] = []
  let writing = false

  async function writeAll(): Promise<void> {
    writing = true
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      await sessions.insertMany(
        batch.map(({ doc }) => doc),
        { ordered: false },
      )
      await tell(batch)
      const status = connected(new Date())
      await sessions.bulkWrite(
        batch.map(({ key, doc: { instance } }) => ({
          updateOne: {
            filter: { _id: key },
            update: { $set: { status: { ...status, account: accountOf(instance) } } },
          },
        })),
        { ordered: false },
      )
      await tell(batch)
    }
    writing = false
  }

  const tell = (batch: readonly Started[]) =>
    Promise.all(batch.map(({ key }) => deps.bus.publish(CHANNELS.sessions, key)))

  function onPod({ metadata, status }: Pod): void {
    if (status?.phase !== 'Running' || seen.has(metadata.uid)) return
    seen.add(metadata.uid)
    waiting.push(startedOf(metadata))
    if (!writing) void writeAll()
  }

  const path = `/api/v1/namespaces/${deps.namespace}/pods`
  await watchAgain<Pod>(deps.client, path, onPod, deps.signal)
}

type Pod = KubernetesObject & {
  readonly metadata: {
    readonly uid: string
    readonly namespace: string
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly status?: { readonly phase?: string }
}

function startedOf({ name, namespace, uid, labels }: Pod['metadata']): Started {
  const instance = instanceIdOf({ namespace, name })
  const organization = labels?.[ORGANIZATION_LABEL] ?? ''
  const key = sessionKeyOf({ organization, instance })
  const now = new Date()
  const doc: SessionDoc = {
    ...{ _id: key, organization, instance, epoch: 1, holder: `${name}/${uid}` },
    expiresAt: new Date(now.getTime() + LEASE_MS),
    status: { phase: 'starting', since: now },
    ...{ statusAt: now, seq: 0, base: 0, folded: 0 },
  }
  return { key, doc }
}

const connected = (now: Date): SessionStatus => ({ phase: 'connected', since: now, lastConnectedAt: now })

function accountOf(instance: string) {
  const phone = `49${[...instance].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1e10, 7)}`
  return { jid: `${phone}:1@s.whatsapp.net`, phone: `+${phone}` }
}
