import tls from 'node:tls'
import * as baileys from '@whiskeysockets/baileys'
import type { Trust } from './control/types.ts'
import { quietLibsignal } from './world/quiet-libsignal.ts'

/** The two mutable exports of Baileys that decide which server it talks to and whom it trusts. */
export interface RedirectableBaileys {
  WA_CERT_DETAILS: { PUBLIC_KEY: Uint8Array }
  DEFAULT_CONNECTION_CONFIG: { waWebSocketUrl: string | URL }
}

/**
 * Points every Baileys socket of this process, made from now on, at a simulator, and keeps libsignal's session dumps
 * off the console. For tests and benchmarks with bare Baileys. `copy` is the module to change when it is not the one the simulator itself uses.
 */
export const redirect = (trust: Trust, copy: RedirectableBaileys = baileys): void => {
  quietLibsignal()
  copy.WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(trust.rootPublicKey, 'base64')
  copy.DEFAULT_CONNECTION_CONFIG.waWebSocketUrl = trust.webSocketUrl
  // Media goes over node's own TLS and cannot be told otherwise from outside.
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), trust.mediaCa])
}
