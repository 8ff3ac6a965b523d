import type { SimulatorOperations } from './types.ts'

/** One request: path parameters by position, the query, and the parsed body. */
export interface ControlRequest {
  params: string[]
  query: Record<string, string>
  body: Record<string, unknown>
}

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** `*` stands for one path segment. */
  path: string
  run(operations: SimulatorOperations, request: ControlRequest): Promise<unknown>
}

/** Bodies are unchecked here: the operations check what they are given and name the field that is wrong. */
const unchecked = <T>(value: unknown): T => value as T

const at = (params: string[], index: number): string => params[index] ?? ''

export const ROUTES: Route[] = [
  { method: 'GET', path: '/trust', run: (on) => on.trust() },

  { method: 'POST', path: '/phones', run: (on, { body }) => on.phones.create(unchecked(body)) },
  { method: 'GET', path: '/phones', run: (on) => on.phones.list() },
  { method: 'GET', path: '/phones/*', run: (on, { params }) => on.phones.get(at(params, 0)) },
  {
    method: 'POST',
    path: '/phones/*/scan',
    run: (on, { params, body }) => on.phones.scan(at(params, 0), unchecked(body.qr)),
  },
  {
    method: 'POST',
    path: '/phones/*/code',
    run: (on, { params, body }) => on.phones.enterCode(at(params, 0), unchecked(body.code)),
  },
  {
    method: 'DELETE',
    path: '/phones/*/devices/*',
    run: (on, { params }) => on.phones.unlink(at(params, 0), Number(at(params, 1))),
  },

  { method: 'POST', path: '/contacts', run: (on, { body }) => on.contacts.set(unchecked(body)) },
  { method: 'GET', path: '/contacts', run: (on) => on.contacts.list() },
  { method: 'GET', path: '/contacts/*', run: (on, { params }) => on.contacts.get(at(params, 0)) },
  {
    method: 'POST',
    path: '/contacts/*/messages',
    run: (on, { params, body }) => on.contacts.send(at(params, 0), unchecked(body)),
  },
  {
    method: 'POST',
    path: '/contacts/*/number',
    run: (on, { params, body }) => on.contacts.changeNumber(at(params, 0), unchecked(body.to)),
  },
  {
    method: 'POST',
    path: '/contacts/*/presence',
    run: (on, { params, body }) => on.contacts.presence(at(params, 0), unchecked(body)),
  },
  { method: 'POST', path: '/groups', run: (on, { body }) => on.groups.create(unchecked(body)) },
  { method: 'GET', path: '/groups', run: (on) => on.groups.list() },
  {
    method: 'POST',
    path: '/groups/*/messages',
    run: (on, { params, body }) => on.groups.send(at(params, 0), unchecked(body)),
  },
  {
    method: 'DELETE',
    path: '/groups/*/members/*',
    run: (on, { params }) => on.groups.remove(at(params, 0), at(params, 1)),
  },
  { method: 'PUT', path: '/defaults', run: (on, { body }) => on.contacts.setDefaults(unchecked(body)) },

  { method: 'PUT', path: '/faults', run: (on, { body }) => on.faults.set(unchecked(body)) },
  { method: 'GET', path: '/faults', run: (on) => on.faults.get() },
  { method: 'DELETE', path: '/faults', run: (on) => on.faults.clear() },
  {
    method: 'PUT',
    path: '/faults/*',
    run: (on, { params, body }) => on.faults.set(unchecked(body), at(params, 0)),
  },
  { method: 'GET', path: '/faults/*', run: (on, { params }) => on.faults.get(at(params, 0)) },
  { method: 'DELETE', path: '/faults/*', run: (on, { params }) => on.faults.clear(at(params, 0)) },

  { method: 'GET', path: '/sessions', run: (on) => on.sessions.list() },
  {
    method: 'POST',
    path: '/sessions/end',
    run: async (on, { body: { number, device, ...event } }) => ({
      ended: await on.sessions.end(unchecked(event), unchecked({ number, device })),
    }),
  },

  { method: 'GET', path: '/ledger', run: (on, { query }) => on.ledger.read(unchecked(query)) },
  { method: 'DELETE', path: '/ledger', run: (on) => on.ledger.clear() },
  { method: 'GET', path: '/client-addresses', run: (on) => on.clientAddresses() },
  { method: 'GET', path: '/drained', run: (on, { query }) => on.drained(unchecked(query)) },
  { method: 'POST', path: '/reset', run: (on) => on.reset() },
]

/** The path parameters when `path` fits the route's pattern. */
export const matchPath = (pattern: string, path: string): string[] | undefined => {
  const wanted = pattern.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return undefined
  if (!wanted.every((segment, index) => segment === '*' || segment === given[index])) return undefined
  return given.filter((_, index) => wanted[index] === '*').map(decodeURIComponent)
}
