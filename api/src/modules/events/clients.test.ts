import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ErrorCode, isWarrenError } from '@warren/contracts'
import type { Principal } from '../../http/index.ts'
import { createStreamClients } from './clients.ts'

const key = (id: string): Principal => ({ kind: 'key', id, organization: 'o', scopes: ['events:read'] })
const refused = (error: unknown) => isWarrenError(error, 'rate_limited')

describe('the streams of a process', () => {
  it('are bounded by caller and organisation, and make room when they end', () => {
    const clients = createStreamClients({ perCaller: 2, perOrganization: 3 })
    const first = clients.add(key('a'), () => {})
    clients.add(key('a'), () => {})
    assert.throws(() => clients.add(key('a'), () => {}), refused)
    clients.add(key('b'), () => {})
    assert.throws(() => clients.add(key('c'), () => {}), refused)
    first()
    first()
    clients.add(key('c'), () => {})
    assert.throws(() => clients.add(key('d'), () => {}), refused)
  })

  it('end with their caller and with nobody else', () => {
    const clients = createStreamClients({ perCaller: 5, perOrganization: 5 })
    const ended: [string, ErrorCode][] = []
    clients.add(key('a'), (code) => ended.push(['a', code]))
    clients.add(key('b'), (code) => ended.push(['b', code]))
    clients.end('key:a')
    assert.deepEqual(ended, [['a', 'unauthenticated']])
  })
})
