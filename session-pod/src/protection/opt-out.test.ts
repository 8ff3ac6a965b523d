import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOptOutReader } from './opt-out.ts'

const read = createOptOutReader(['kein Interesse'])

for (const text of [
  'STOP',
  'Stop!',
  ' stop 🛑 ',
  'stopp.',
  'Unsubscribe',
  'opt-out',
  'Arrêt',
  'désabonner',
  'СТОП',
  'توقّف',
  'إيقاف',
  'बंद करो',
  '退订',
  'ABONELİKTEN ÇIK',
  'REZYGNUJĘ',
  'Kein  Interesse!!',
])
  test(`"${text}" asks for no more`, () => assert.ok(read(text)))

for (const text of [
  '',
  '🛑',
  'please stop by tomorrow',
  'when does the bus stop?',
  'cancel my appointment',
  'non-stop',
  `stop ${'x'.repeat(200)}`,
])
  test(`"${text.slice(0, 30)}" is a conversation`, () => assert.equal(read(text), undefined))
