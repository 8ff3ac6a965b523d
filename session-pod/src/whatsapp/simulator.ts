/** Redirects this process to a simulated WhatsApp. Behind one explicit setting that production refuses. */
import { get } from 'node:http'
import tls from 'node:tls'
import { WA_CERT_DETAILS } from './baileys.ts'

type Trust = { rootPublicKey: string; webSocketUrl: string; mediaCa: string }

/**
 * Asks the simulator whom to trust; from then on this process trusts it and not WhatsApp.
 * @returns where its WebSocket is
 */
export async function trustSimulator(controlUrl: string): Promise<string> {
  const trust = JSON.parse(await textOf(new URL('/trust', controlUrl))) as Trust
  WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(trust.rootPublicKey, 'base64')
  // Media goes over TLS of Node's own, which has no other setting.
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), trust.mediaCa])
  return trust.webSocketUrl
}

/** Not by `fetch`, which a session otherwise loads with its first media and not before. */
function textOf(url: URL): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false }, (response) => {
      if (response.statusCode !== 200)
        reject(new Error(`the simulator answered ${response.statusCode} when asked whom to trust`))
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve(text))
      response.on('error', reject)
    })
    request.on('error', reject)
  })
}
