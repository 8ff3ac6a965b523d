import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '@warren/runtime/clock'
import { createHearing } from './hearing.ts'

/** A connection that was alive for a minute, and after it another; WhatsApp's clock is an hour ahead. */
async function reopened() {
  const clock = createFakeClock()
  const server = () => Math.floor(clock.now().getTime() / 1000) + 3_600
  const hearing = createHearing(clock)
  hearing.opened(server())
  await clock.advance(30_000)
  const during = server()
  const live = hearing.stanza({ tag: 'message', attrs: { id: 'LIVE', from: 'a', t: `${during}` } })
  await clock.advance(30_000)
  hearing.frame(true)
  await clock.advance(10_000)
  const between = server()
  await clock.advance(10_000)
  // The greeting of the next connection, before its login.
  hearing.frame(false)
  hearing.opened(server())
  const waited = (id: string, t: number, tag = 'message') =>
    hearing.stanza({ tag, attrs: { id, from: 'a', t: `${t}`, offline: '0' } })
  return { hearing, live, during, between, waited }
}

test('what was sent while the connection before was alive, and comes only now, was kept back', async () => {
  const { live, during, waited } = await reopened()
  assert.equal(live, 'now')
  assert.equal(waited('A', during), 'keptBack')
  assert.equal(waited('B', during, 'receipt'), 'keptBack')
})

test('what was sent after its last sign of life, or before it opened, has waited as it should', async () => {
  const { during, between, waited } = await reopened()
  assert.equal(waited('C', between), 'waited')
  assert.equal(waited('D', during - 3_600), 'waited')
})

test('what comes again because our receipt was lost was not kept back', async () => {
  const { during, waited } = await reopened()
  assert.equal(waited('LIVE', during), 'waited')
})

test('the first login of a process proves nothing', () => {
  const clock = createFakeClock()
  const hearing = createHearing(clock)
  hearing.opened(Math.floor(clock.now().getTime() / 1000))
  const t = `${Math.floor(clock.now().getTime() / 1000) - 60}`
  assert.equal(hearing.stanza({ tag: 'message', attrs: { id: 'A', from: 'a', t, offline: '0' } }), 'waited')
})
