/** Keeps at most one connection, with the right credentials, and tells the session what becomes of it. */
import type { Account } from '@warren/contracts'
import type { Proxies, Route } from '../proxy/index.ts'
import type { SessionEvent } from '../session/model.ts'
import type { Link } from '../session/session.ts'
import type { SessionState } from '../store/state.ts'
import { adoption } from './adoption.ts'
import { noteSharedKey } from './app-state-keys.ts'
import { type AuthenticationCreds, type BinaryNode, initAuthCreds } from './baileys.ts'
import { type Connection, type ConnectOptions, connect } from './connect.ts'
import { accountOf, credentialsChange, isLinked, sameAccount, storedCredentials } from './credentials.ts'
import { endingOf } from './ending.ts'
import type { HandedOut } from './handed-out.ts'
import { createMessenger, type Messenger } from './messenger.ts'
import { CODE_MS } from './pairing.ts'
import { requestPairingCode } from './pairing-code.ts'
import type { RestrictionNews } from './restrictions.ts'

/** Baileys' code of a query that the connection did not outlive. */
const CONNECTION_CLOSED = 428

export type WhatsAppLink = Link & {
  /** Present while WhatsApp delivers. */
  messenger(): Messenger | undefined
  connection(): Connection | undefined
  /** A new connection in the place of the open one; false when there is none. The session stays connected unless it fails. */
  renew(): boolean
  /** Resolves when no connection is left. */
  closed(): Promise<void>
}

export type LinkOptions = Omit<ConnectOptions, 'creds' | 'events' | 'own'> & {
  readonly state: SessionState
  readonly handedOut: HandedOut
  readonly own: ConnectOptions['own']
  readonly onlyPhone?: string
  /** Present when this session must not go directly. */
  readonly proxies?: Proxies
  readonly dispatch: (event: SessionEvent) => void
  /** Sends may start, or must stop. */
  readonly onReady: (messenger: Messenger | undefined) => void
  readonly onPresence: (stanza: BinaryNode) => void
  readonly onRestriction: (news: RestrictionNews) => void
  readonly onFrame: () => void
  readonly onLoggedIn: (serverSeconds: number) => void
  readonly onStanza: (stanza: BinaryNode) => void
}

export function createLink(options: LinkOptions): WhatsAppLink {
  const { state, clock, dispatch, logger } = options
  let current: { connection: Connection; messenger: Messenger; open: boolean } | undefined
  let closing: Promise<void> = Promise.resolve()
  let knownAccount: Account | undefined
  /** Whether WhatsApp has said anything on the present connection. */
  let heard = false
  /** Rises with each wish, so that an older one that still waits gives up. */
  let wish = 0

  function drop(): void {
    wish += 1
    const last = current
    current = undefined
    if (!last) return
    options.onReady(undefined)
    closing = closing.then(() => last.connection.close())
  }

  const open: Link['open'] = (pairing) => {
    drop()
    const mine = wish
    // The old connection first: WhatsApp would take the new one for a rival.
    void closing.then(async () => {
      if (mine !== wish) return
      const creds = pairing ? initAuthCreds() : storedCredentials(state)
      if (!creds) return dispatch({ type: 'closed', ending: { code: 0, text: 'there are no credentials' } })
      if (!pairing) noteSharedKey(creds, state)
      const route = options.proxies && (await routeThrough(options.proxies, mine))
      if (mine !== wish || (options.proxies && !route)) return
      const phone = pairing?.method === 'code' ? pairing.phoneNumber : undefined
      heard = false
      options.handedOut.reset()
      const events = eventsOf(mine, creds, phone, route)
      const connection = connect({ ...options, creds, events, ...(route ? { route } : {}) })
      current = { connection, messenger: createMessenger(connection, options), open: false }
    })
  }

  /** A way through a proxy; undefined when there is none, which ends this attempt. Nothing ever goes directly instead. */
  async function routeThrough(proxies: Proxies, mine: number): Promise<Route | undefined> {
    try {
      const route = await proxies.route()
      if (mine === wish) dispatch({ type: 'proxied', address: route.address })
      return route
    } catch (error) {
      const text = (error as Error).message
      if (mine === wish) dispatch({ type: 'closed', ending: { code: 0, text, proxy: true } })
      return undefined
    }
  }

  function eventsOf(
    mine: number,
    creds: AuthenticationCreds,
    phone: string | undefined,
    route: Route | undefined,
  ): ConnectOptions['events'] {
    const ifMine =
      <A extends unknown[]>(listener: (...args: A) => void) =>
      (...args: A) => {
        if (mine === wish) listener(...args)
      }
    let codeAsked = false
    return {
      qr: ifMine((qr, expiresAt) => {
        if (!phone) return dispatch({ type: 'qr', qr, expiresAt })
        if (codeAsked) return
        codeAsked = true
        askForCode(mine, creds, phone)
      }),
      passkey: ifMine((step) => dispatch({ type: 'passkey', step })),
      passkeyFailed: ifMine(({ reason, text }) => dispatch({ type: 'passkeyFailed', reason, text })),
      credentials: ifMine(() => storeCredentials(creds)),
      wrongNumber: ifMine((linked) => {
        dispatch({ type: 'wrongNumber', linked, wanted: options.onlyPhone ?? '' })
      }),
      opened: ifMine(() => {
        if (current) current.open = true
        dispatch({ type: 'opened' })
      }),
      ready: ifMine(() => options.onReady(current?.messenger)),
      ended: ifMine((ending) => {
        // Not a word of WhatsApp: the proxy may be why.
        if (!heard) route?.failed()
        current = undefined
        wish += 1
        options.onReady(undefined)
        dispatch({ type: 'closed', ending })
      }),
      presence: ifMine(options.onPresence),
      restriction: ifMine(options.onRestriction),
      frame() {
        heard = true
        options.onFrame()
      },
      loggedIn: ifMine(options.onLoggedIn),
      stanza: options.onStanza,
    }
  }

  function askForCode(mine: number, creds: AuthenticationCreds, phone: string): void {
    const expiresAt = new Date(clock.now().getTime() + CODE_MS)
    if (!current) return
    requestPairingCode(current.connection.socket, creds, phone).then(
      (code) => {
        if (mine === wish) dispatch({ type: 'code', code, expiresAt })
      },
      (error: unknown) => {
        logger.warn('no pairing code', { error })
        const { code, text } = endingOf(error)
        // An end of the connection is told by itself.
        if (mine === wish && code !== CONNECTION_CLOSED) dispatch({ type: 'codeRefused', text })
      },
    )
  }

  function storeCredentials(creds: AuthenticationCreds): void {
    if (!isLinked(creds)) return
    const account = accountOf(creds)
    if (state.get('creds', 'main') === creds) {
      state.apply([credentialsChange(creds)])
    } else {
      for (const step of adoption(state, creds, { now: clock.now() })) state.apply(step)
      if (account) dispatch({ type: 'paired', account })
    }
    knownAccount ??= account
    if (account && !sameAccount(account, knownAccount)) {
      knownAccount = account
      dispatch({ type: 'accountChanged', account })
    }
  }

  return {
    open,
    close: drop,
    closed: () => closing,
    connection: () => current?.connection,
    renew() {
      if (!current?.open) return false
      open()
      return true
    },
    messenger: () => (current?.open ? current.messenger : undefined),
  }
}
