/** Instances through Warren's REST API, with a token: for people without rights in the cluster. */
import { type Snapshot, WarrenError } from '@warren/contracts'
import type { InstanceView, PairingView, SessionAccess, StreamedEvent } from '../port.ts'
import { readSse } from '../sse.ts'
import type { RestClient } from './rest-client.ts'
import { type RestInstance, restView } from './rest-view.ts'

const PAGE = 100
type Page = { readonly items: readonly RestInstance[]; readonly nextCursor?: string | null }

export function createRestAccess(client: RestClient): SessionAccess {
  async function list(): Promise<InstanceView[]> {
    const found: InstanceView[] = []
    let cursor: string | undefined
    do {
      const query = new URLSearchParams({ limit: String(PAGE), ...(cursor ? { cursor } : {}) })
      const page = await client.call<Page>('GET', `/instances?${query}`)
      found.push(...page.items.map(restView))
      cursor = page.nextCursor ?? undefined
    } while (cursor)
    return found
  }

  const pathOf = (id: string) => `/instances/${encodeURIComponent(id)}`

  /**
   * REST names instances itself, so a person may also mean one by its name in the cluster or by its display name.
   * @throws WarrenError `not_found`; `conflict` when several are meant
   */
  async function idOf(name: string): Promise<string> {
    if (name.includes('.')) return name
    const all = await list()
    const named = all.filter((one) => one.name === name)
    const meant = named.length > 0 ? named : all.filter((one) => one.displayName === name)
    if (meant.length > 1)
      throw new WarrenError(
        'conflict',
        `${name} may be ${meant.map(({ id }) => id).join(' or ')}: give the id.`,
      )
    if (!meant[0]) throw new WarrenError('not_found', `There is no instance ${name}.`)
    return meant[0].id
  }

  async function act<T>(
    method: string,
    name: string,
    rest: string,
    body?: object,
    headers?: Record<string, string>,
  ) {
    const id = await idOf(name)
    try {
      return await client.call<T>(method, pathOf(id) + rest, body, headers)
    } catch (error) {
      if (error instanceof WarrenError && error.code === 'not_found')
        throw new WarrenError('not_found', `There is no instance ${id}.`, { cause: error })
      throw error
    }
  }
  const view = async (answer: Promise<RestInstance>) => restView(await answer)

  return {
    kind: 'rest',
    list,
    get: (name) => view(act('GET', name, '')),

    async create(name, { organization, displayName = name, ...wanted }) {
      if (organization !== undefined) {
        const me = await client.call<{ organization: { id: string } }>('GET', '/auth/me')
        if (me.organization.id !== organization)
          throw new WarrenError(
            'forbidden',
            `Your token is for the organisation ${me.organization.id}, not ${organization}.`,
          )
      }
      return view(client.call<RestInstance>('POST', '/instances', { displayName, ...wanted }))
    },

    setOperatingMode: (name, operatingMode) => view(act('PATCH', name, '', { operatingMode })),
    restart: (name) => view(act('POST', name, '/restart')),
    logout: async (name) => void (await act('POST', name, '/logout')),
    snapshots: async (name) => (await act<{ items: Snapshot[] }>('GET', name, '/snapshots')).items,
    restore: async (name, snapshot) =>
      void (await act('POST', name, `/snapshots/${encodeURIComponent(snapshot)}/restore`)),

    startPairing: (name, request) =>
      request.method === 'qr'
        ? act<PairingView>('POST', name, '/qr')
        : act<PairingView>(
            'POST',
            name,
            '/pairing-code',
            request.phoneNumber ? { phoneNumber: request.phoneNumber } : {},
          ),

    send: (name, { to, text }, idempotencyKey) =>
      act('POST', name, '/messages', { to, type: 'text', text }, { 'idempotency-key': idempotencyKey }),

    async events(name, { signal, after }) {
      const headers: Record<string, string> = after === undefined ? {} : { 'last-event-id': after }
      return eventsOf(await client.stream(`${pathOf(await idOf(name))}/events`, headers, signal))
    },

    async logs() {
      throw new WarrenError(
        'method_not_allowed',
        'The log of a session process is for those who run the cluster: REST has none. Use kubectl wa logs.',
      )
    },
  }
}

/** @throws WarrenError that the server gives as the reason of its `end` */
async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamedEvent> {
  for await (const { id, type, data } of readSse(body)) {
    if (type === 'end') throw new WarrenError((JSON.parse(data) as { code: WarrenError['code'] }).code)
    yield { ...(id === undefined ? {} : { id }), event: JSON.parse(data) as StreamedEvent['event'] }
  }
}
