import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { InstanceId } from '@warren/contracts'
import { createMemoryBus, createMemoryHub } from '@warren/runtime/bus'
import { systemClock as clock } from '@warren/runtime/clock'
import { createIds } from '@warren/runtime/ids'
import { silentLogger as logger } from '@warren/runtime/logger'
import { createMemorySessionStore } from '@warren/runtime/session-store'
import { createEventHub } from './hub.ts'

describe('the look at the heads', () => {
  it('reaches the other organisations when it fails for one', async () => {
    const bus = createMemoryBus({ clock, logger, ids: createIds(clock), hub: createMemoryHub() })
    await bus.start()
    const sessions = createMemorySessionStore(clock)
    const session = { organization: 'whole', instance: 'ns.a' as InstanceId }
    await sessions.acquire({ ...session, holder: 'p/1', ttlMs: 60_000 })
    const instancesOf = async (organization: string) => {
      if (organization === 'broken') throw new Error('not now')
      return [session.instance]
    }
    const hub = createEventHub({ bus, sessions, instancesOf, clock, logger })
    const heads: InstanceId[] = []
    const listener = { onEvent: () => {}, onHead: (instance: InstanceId) => void heads.push(instance) }
    const attached = [await hub.attach('broken', listener), await hub.attach('whole', listener)]
    await hub.checkHeads()
    assert.deepEqual(heads, [session.instance])
    for (const { detach } of attached) detach()
    await bus.stop()
  })
})
