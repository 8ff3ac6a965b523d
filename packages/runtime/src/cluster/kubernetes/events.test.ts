import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WhatsAppInstance } from '@warren/contracts'
import { createFakeClock } from '../../clock/index.ts'
import { createMemoryLogger } from '../../logger/index.ts'
import { createEvents } from './events.ts'

const about = {
  apiVersion: 'warren.dev/v1alpha1',
  kind: 'WhatsAppInstance',
  metadata: { namespace: 'shop', name: 'sales', uid: 'u1' },
} as WhatsAppInstance
const paired = { type: 'Normal', reason: 'Paired', note: 'Linked to 4915.' } as const

function setUp(options: { fails?: boolean } = {}) {
  const clock = createFakeClock()
  const logger = createMemoryLogger()
  // biome-ignore lint/suspicious/noExplicitAny: the test looks into what was sent
  const sent: any[] = []
  const send = async (...request: unknown[]) => {
    if (options.fails) throw new Error('refused')
    sent.push(request)
    return {} as never
  }
  const events = createEvents({
    api: { create: send, mergePatch: send },
    reporter: { controller: 'warren.dev/operator', instance: 'operator-1' },
    clock,
    logger,
  })
  return { clock, logger, sent, events }
}

test('an event is stored as Kubernetes wants it', async () => {
  const { events, sent } = setUp()
  events.record(about, { ...paired, note: 'ä'.repeat(1_000) })
  await events.stop()
  const [[resource, namespace, event]] = sent
  assert.equal(resource.plural, 'events')
  assert.equal(namespace, 'shop')
  const { metadata, note, ...rest } = event
  assert.match(metadata.name, /^sales\.[0-9a-f]{16}$/)
  assert.ok(Buffer.byteLength(note) <= 1_024 && note.endsWith('ä…'))
  const { apiVersion, kind } = about
  assert.deepEqual(rest, {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    eventTime: '2026-01-01T00:00:00.000000Z',
    reportingController: 'warren.dev/operator',
    reportingInstance: 'operator-1',
    action: 'Paired',
    reason: 'Paired',
    type: 'Normal',
    regarding: { apiVersion, kind, namespace: 'shop', name: 'sales', uid: 'u1' },
  })
})

test('a repeat is counted on the event that is there, for a while', async () => {
  const { events, sent, clock } = setUp()
  events.record(about, paired)
  events.record(about, paired)
  await clock.advance(60_000)
  events.record(about, paired)
  events.record(about, { ...paired, reason: 'Connected' })
  await clock.advance(400_000)
  events.record(about, paired)
  await clock.advance(0)
  const bodies = sent.map((request) => request[2])
  assert.deepEqual(
    bodies.map(({ series, reason }) => series?.count ?? reason),
    ['Paired', 2, 3, 'Connected', 'Paired'],
  )
  assert.equal(sent[1][1].name, bodies[0].metadata.name)
})

test('a flood is cut short and told, and a refusal hurts nobody', async () => {
  const { events, sent, clock, logger } = setUp()
  for (let index = 0; index < 1_000; index++) events.record(about, { ...paired, note: `number ${index}` })
  await clock.advance(1_000)
  assert.equal(sent.length, 200)
  events.record(about, paired)
  await clock.advance(0)
  assert.equal(sent.length, 201)
  assert.ok(logger.lines.some(({ dropped }) => dropped === 800))
  const refused = setUp({ fails: true })
  refused.events.record(about, paired)
  await refused.events.stop()
})
