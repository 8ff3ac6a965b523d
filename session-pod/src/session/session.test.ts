import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '@warren/runtime/clock'
import { createState, type SessionState } from '../store/state.ts'
import { adoption } from '../whatsapp/adoption.ts'
import { initAuthCreds } from '../whatsapp/baileys.ts'
import { accountOf, storedCredentials } from '../whatsapp/credentials.ts'
import { createJournal } from './journal.ts'
import { createSession, storedRest } from './session.ts'

const credentials = () => ({
  ...initAuthCreds(),
  me: { id: '491:1@s.whatsapp.net', name: 'A' },
  account: { details: new Uint8Array([1]) },
})

function adopt(state: SessionState) {
  for (const step of adoption(state, credentials(), { now: new Date(0) })) state.apply(step)
}

/** A process that begins with what is stored. */
function begin(state: SessionState) {
  const clock = createFakeClock()
  const opened: string[] = []
  const session = createSession({
    state,
    clock,
    random: () => 0,
    maxAttempts: 3,
    snapshot: () => [],
    onLinked: () => {},
    link: { open: (pairing) => opened.push(pairing ? 'pairing' : 'login'), close: () => {} },
    onStatus: () => {},
    checkLease: () => {},
  })
  const creds = storedCredentials(state)
  const account = creds && accountOf(creds)
  const rest = storedRest(state)
  session.dispatch({ type: 'loaded', ...(account ? { account } : {}), ...(rest ? { rest } : {}) })
  return { session, clock, opened }
}

test('the credentials of an ended link never come back, until those of a new link take their place', () => {
  const state = createState(createJournal(0))
  adopt(state)
  const first = begin(state)
  assert.deepEqual(first.opened, ['login'])
  first.session.dispatch({ type: 'loggedOut', by: 'request' })
  first.session.dispatch({ type: 'pairRequested', request: { method: 'qr' } })

  const second = begin(state)
  assert.deepEqual([second.session.account(), second.opened], [undefined, ['pairing']])
  second.session.dispatch({ type: 'disconnectRequested' })
  const parked = begin(state)
  assert.deepEqual([parked.session.account(), parked.session.status().phase], [undefined, 'parked'])

  adopt(state)
  state.apply([{ type: 'rest', id: 'main', value: undefined }])
  assert.deepEqual(begin(state).opened, ['login'])
})
