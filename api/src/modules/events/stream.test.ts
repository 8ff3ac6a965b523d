/** Whatever the bus loses, doubles or reorders, and however often the client comes back to another replica: each entry once, in order. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CHANNELS, type JournalEntry, journalEnvelope } from '@warren/contracts'
import { createMemoryBus, createMemoryHub } from '@warren/runtime/bus'
import { systemClock as clock } from '@warren/runtime/clock'
import { createIds } from '@warren/runtime/ids'
import { silentLogger as logger } from '@warren/runtime/logger'
import { createMemorySessionStore } from '@warren/runtime/session-store'
import { until } from '@warren/runtime/testing'
import fc from 'fast-check'
import { createEventHub } from './hub.ts'
import { createOpenStream, type Outlet } from './stream.ts'

const ORGANIZATION = 'acme'
const INSTANCES = ['ns.a', 'ns.b'] as const
type Instance = (typeof INSTANCES)[number]

async function world() {
  const network = createMemoryHub()
  const deps = { clock, logger, ids: createIds(clock) }
  const bus = createMemoryBus({ ...deps, hub: network })
  await bus.start()
  const store = createMemorySessionStore(clock)
  const instancesOf = async () => INSTANCES
  const replica = () => {
    const hub = createEventHub({ bus, sessions: store, instancesOf, clock, logger })
    return { hub, open: createOpenStream({ hub, sessions: store, instancesOf, clock, logger }) }
  }
  const replicas = [replica(), replica()] as const
  const pods = new Map<Instance, { append(): Promise<JournalEntry>; publish(entry: JournalEntry): void }>()
  for (const instance of INSTANCES) {
    const { lease, n: start } = await store.acquire({
      instance,
      organization: ORGANIZATION,
      holder: 'p/1',
      ttlMs: 60_000,
    })
    let n = start
    let seq = 0
    pods.set(instance, {
      async append() {
        const entry: JournalEntry = {
          seq: ++seq,
          type: 'session.loggedOut',
          at: new Date(),
          data: { reason: `${seq}` },
        }
        await store.append(lease, ++n, { entries: [entry] })
        await store.renew(lease, 60_000, { status: { phase: 'connected', since: new Date() }, seq })
        return entry
      },
      publish(entry) {
        const origin = { organization: ORGANIZATION, instance, epoch: lease.epoch }
        void bus.publish(CHANNELS.events(ORGANIZATION), journalEnvelope(origin, entry))
      },
    })
  }
  return { bus, replicas, pods }
}

type Action =
  | { do: 'append'; instance: Instance; fate: 'told' | 'lost' | 'late' | 'doubled' }
  | { do: 'reconnect'; replica: 0 | 1 }

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      instance: fc.constantFrom(...INSTANCES),
      fate: fc.constantFrom('told' as const, 'lost' as const, 'late' as const, 'doubled' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('reconnect' as const),
      replica: fc.constantFrom(0 as const, 1 as const),
    }),
  },
)

describe('event stream', () => {
  it('delivers each entry once and in order, whatever the bus does and wherever the client comes back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const { bus, replicas, pods } = await world()
        const got = new Map<string, number[]>(INSTANCES.map((instance) => [instance, []]))
        let lastId: string | undefined
        const outlet = (): Outlet & { closed: boolean } => ({
          closed: false,
          send(event, id) {
            if (this.closed) return
            if (event?.seq !== undefined) got.get(event.instance)?.push(event.seq)
            lastId = id ?? lastId
          },
          drained: () => Promise.resolve(),
          fail: (error) => assert.fail(String(error)),
        })
        const request = () => ({
          organization: ORGANIZATION,
          ...(lastId === undefined ? {} : { lastEventId: lastId }),
        })
        let current = outlet()
        let stream = await replicas[0].open(request(), current)
        const late: (() => void)[] = []
        const total = new Map<Instance, number>()

        for (const step of actions) {
          if (step.do === 'reconnect') {
            current.closed = true
            stream.close()
            current = outlet()
            stream = await replicas[step.replica].open(request(), current)
            continue
          }
          const pod = pods.get(step.instance)
          assert.ok(pod)
          const entry = await pod.append()
          total.set(step.instance, entry.seq)
          if (step.fate === 'told' || step.fate === 'doubled') pod.publish(entry)
          if (step.fate === 'doubled') pod.publish(entry)
          if (step.fate === 'late') late.push(() => pod.publish(entry))
        }
        for (const publish of late.reverse()) publish()
        await Promise.all(replicas.map(({ hub }) => hub.checkHeads()))
        await until(
          () =>
            INSTANCES.every((instance) => (got.get(instance)?.at(-1) ?? 0) === (total.get(instance) ?? 0)),
          {
            timeoutMs: 2_000,
          },
        )
        stream.close()
        await bus.stop()
        for (const instance of INSTANCES) {
          const expected = Array.from({ length: total.get(instance) ?? 0 }, (_, index) => index + 1)
          assert.deepEqual(got.get(instance), expected)
        }
      }),
      { numRuns: 60 },
    )
  })
})
