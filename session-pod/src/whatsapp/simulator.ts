/** Redirects this process to a simulated WhatsApp. Behind one explicit setting that production refuses. */
import tls from 'node:tls'
import { WA_CERT_DETAILS } from './baileys.ts'

type Trust = { rootPublicKey: string; webSocketUrl: string; mediaCa: string }

/**
 * Asks the simulator whom to trust; from then on this process trusts it and not WhatsApp.
 * @returns where its WebSocket is
 */
export async function trustSimulator(controlUrl: string): Promise<string> {
  const response = await fetch(new URL('/trust', controlUrl))
  if (!response.ok) throw new Error(`the simulator answered ${response.status} when asked whom to trust`)
  const trust = (await response.json()) as Trust
  WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(trust.rootPublicKey, 'base64')
  // Media goes over TLS of Node's own, which has no other setting.
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), trust.mediaCa])
  return trust.webSocketUrl
}
