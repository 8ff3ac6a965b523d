import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '@warren/runtime/clock'
import { createQrRotation } from './qr-rotation.ts'

function setUp() {
  const clock = createFakeClock()
  const shown: string[] = []
  const draw = { secret: 1 }
  let usedUp = 0
  const rotation = createQrRotation({
    refs: ['a', 'b'],
    draw: (ref) => `${ref}${draw.secret}`,
    clock,
    onQr: (qr, expiresAt) => shown.push(`${qr} ${(expiresAt.getTime() - clock.now().getTime()) / 1000}`),
    onUsedUp: () => {
      usedUp += 1
    },
  })
  return { clock, shown, draw, rotation, usedUp: () => usedUp }
}

test('the first QR lives a minute, the next 20 seconds, then they are used up', async () => {
  const { clock, shown, usedUp } = setUp()
  await clock.advance(60_000)
  assert.deepEqual(shown, ['a1 60', 'b1 20'])
  await clock.advance(20_000)
  assert.equal(usedUp(), 1)
  assert.equal(clock.pendingTimers(), 0)
})

test('a new secret is drawn at once and does not lengthen the life of the QR', async () => {
  const { clock, shown, draw, rotation } = setUp()
  await clock.advance(45_000)
  draw.secret = 2
  rotation.redraw()
  assert.deepEqual(shown, ['a1 60', 'a2 15'])
})

test('after a stop nothing is shown, and nothing ends', async () => {
  const { clock, shown, rotation, usedUp } = setUp()
  rotation.stop()
  rotation.redraw()
  await clock.advance(600_000)
  assert.deepEqual(shown, ['a1 60'])
  assert.equal(usedUp(), 0)
})
