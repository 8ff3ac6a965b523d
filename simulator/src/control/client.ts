import { Refusal, type RefusalCode } from '../world/errors.ts'
import type { SimulatorOperations } from './types.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

interface ErrorBody {
  error?: { code: RefusalCode; message: string; field?: string }
}

const withQuery = (path: string, query: object = {}): string => {
  const given = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)]],
  )
  return given.length === 0 ? path : `${path}?${new URLSearchParams(Object.fromEntries(given))}`
}

/**
 * The operations of a simulator in another process. Refused operations reject with the same `Refusal` as in its own
 * process; a simulator that cannot be reached rejects with fetch's error.
 */
export const createSimulatorClient = (controlUrl: string): SimulatorOperations => {
  const call = async <T>(method: Method, path: string, body?: object): Promise<T> => {
    const response = await fetch(new URL(path, controlUrl), {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const text = await response.text()
    const answer = text === '' ? undefined : JSON.parse(text)
    if (response.ok) return answer as T
    const { error } = answer as ErrorBody
    throw new Refusal(error?.code ?? 'invalid_request', error?.message ?? response.statusText, error?.field)
  }
  const on = (number: string) => encodeURIComponent(number)
  const faultsOf = (number: string | undefined) =>
    number === undefined ? '/faults' : `/faults/${on(number)}`

  return {
    trust: () => call('GET', '/trust'),
    phones: {
      create: (input) => call('POST', '/phones', input),
      list: () => call('GET', '/phones'),
      get: (number) => call('GET', `/phones/${on(number)}`),
      scan: (number, qr) => call('POST', `/phones/${on(number)}/scan`, { qr }),
      enterCode: (number, code) => call('POST', `/phones/${on(number)}/code`, { code }),
      unlink: (number, device) => call('DELETE', `/phones/${on(number)}/devices/${device}`),
    },
    contacts: {
      set: (input) => call('POST', '/contacts', input),
      list: () => call('GET', '/contacts'),
      get: (number) => call('GET', `/contacts/${on(number)}`),
      send: (number, message) => call('POST', `/contacts/${on(number)}/messages`, message),
      changeNumber: (number, to) => call('POST', `/contacts/${on(number)}/number`, { to }),
      presence: (number, input) => call('POST', `/contacts/${on(number)}/presence`, input),
      setDefaults: (behaviour) => call('PUT', '/defaults', behaviour),
    },
    groups: {
      create: (input) => call('POST', '/groups', input),
      list: () => call('GET', '/groups'),
      send: (jid, message) => call('POST', `/groups/${on(jid)}/messages`, message),
      remove: (jid, number) => call('DELETE', `/groups/${on(jid)}/members/${on(number)}`),
    },
    faults: {
      set: (faults, number) => call('PUT', faultsOf(number), faults),
      get: (number) => call('GET', faultsOf(number)),
      clear: (number) => call('DELETE', faultsOf(number)),
    },
    sessions: {
      list: () => call('GET', '/sessions'),
      end: async (event, target) =>
        (await call<{ ended: number }>('POST', '/sessions/end', { ...event, ...target })).ended,
    },
    ledger: {
      read: (filter) => call('GET', withQuery('/ledger', filter)),
      clear: () => call('DELETE', '/ledger'),
    },
    clientAddresses: () => call('GET', '/client-addresses'),
    drained: (options) => call('GET', withQuery('/drained', options)),
    reset: () => call('POST', '/reset'),
  }
}
