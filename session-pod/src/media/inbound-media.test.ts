import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EVENT_SCHEMAS, type JournalEntry, WarrenError } from '@warren/contracts'
import { createFakeClock } from '@warren/runtime/clock'
import { silentLogger } from '@warren/runtime/logger'
import { createJournal } from '../session/journal.ts'
import { createState } from '../store/state.ts'
import { createInboundMedia, mediaChange } from './inbound-media.ts'

function setUp() {
  const clock = createFakeClock()
  const state = createState(createJournal(0))
  const act = { fetch: async () => Buffer.from('image'), upload: async () => 'key' }
  const media = createInboundMedia({
    state,
    objects: { upload: () => act.upload(), download: () => assert.fail() },
    complete: (address) => address,
    fetchImage: () => act.fetch(),
    clock,
    logger: silentLogger,
  })
  const record = {
    id: 'M1',
    chat: { jid: '491@s.whatsapp.net' },
    media: { mimetype: 'image/png' },
    image: Buffer.of(1),
  }
  state.apply([mediaChange(record, clock.now())])
  const entries: JournalEntry[] = []
  const news = () => {
    entries.push(...(state.cut()?.entries ?? []))
    return entries.flatMap((entry) => (entry.type === 'message.media' ? entry.data : []))
  }
  return { clock, state, act, media, news }
}

test('an image is stored and told of, and its record is gone', async () => {
  const { clock, state, media, news } = setUp()
  media.poke()
  await clock.advance(0)
  const [stored] = news()
  assert.equal(EVENT_SCHEMAS['message.media'].validate(stored).error, undefined)
  assert.deepEqual([stored?.media.key, stored?.media.size], ['key', 5])
  assert.equal([...state.all('media')].length, 0)
})

test('while our own store is away it is tried for days, less and less often', async () => {
  const { clock, act, media, news } = setUp()
  let attempts = 0
  act.upload = async () => {
    attempts++
    throw new WarrenError('dependency_unavailable')
  }
  media.poke()
  await clock.advance(3600_000)
  assert.ok(attempts > 5 && attempts < 20, `${attempts} attempts in an hour`)
  act.upload = async () => 'late'
  await clock.advance(600_000)
  assert.equal(news()[0]?.media.key, 'late')
})

test('when WhatsApp does not give it, it is given up and said so', async () => {
  const { clock, act, media, news, state } = setUp()
  act.fetch = async () => {
    throw new Error('timeout')
  }
  media.poke()
  await clock.advance(3600_000)
  assert.deepEqual(news(), [])
  act.fetch = async () => {
    throw new WarrenError('media_unavailable')
  }
  await clock.advance(600_000)
  assert.equal(news()[0]?.error?.code, 'media_unavailable')
  assert.equal([...state.all('media')].length, 0)
  assert.equal(clock.pendingTimers(), 0)
})
