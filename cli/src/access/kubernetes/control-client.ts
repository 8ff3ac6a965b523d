/**
 * HTTP to a session's control listener over whatever stream leads there: a forwarded port, or in tests a socket. A connection serves one
 * request, since a forwarded port is one connection.
 */
import { type IncomingMessage, request } from 'node:http'
import type { Duplex } from 'node:stream'
import { problemError } from '../problem.ts'

export type ControlClient = {
  /** @throws WarrenError what the session answered; Error when the connection broke */
  call<T>(method: 'GET' | 'POST', path: string, body?: object, headers?: Record<string, string>): Promise<T>
  /** The bytes of an answer that does not end. Resolves when it began. */
  stream(path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
}

/** A pairing may take WhatsApp 25 s. */
const ANSWER_MS = 35_000

/** @param dial opens a connection to the listener */
export function createControlClient(dial: () => Promise<Duplex>): ControlClient {
  async function open(
    method: string,
    path: string,
    body: string | undefined,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const connection = await dial()
    return new Promise((resolve, reject) => {
      // It may have ended before HTTP listens to it: a forwarded port opens also where nothing answers behind it.
      if (connection.destroyed) return reject(connection.errored ?? new Error('The connection was closed.'))
      connection.once('error', reject)
      connection.once('close', () => reject(new Error('The connection was closed.')))
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
      const type = body === undefined ? {} : { 'content-type': 'application/json' }
      const sent = request({
        method,
        path,
        // The listener answers to loopback names only.
        headers: { host: 'localhost', ...type, ...length, ...headers },
        createConnection: () => connection as never,
        signal,
      })
      sent.once('response', resolve)
      sent.once('error', (error) => {
        connection.destroy()
        reject(error)
      })
      sent.end(body)
    })
  }

  return {
    async call(method, path, body, headers = {}) {
      const text = body === undefined ? undefined : JSON.stringify(body)
      const response = await open(method, path, text, headers, AbortSignal.timeout(ANSWER_MS))
      return JSON.parse(await textOf(response))
    },
    async stream(path, signal) {
      const response = await open('GET', path, undefined, {}, signal)
      if (response.statusCode !== 200) await textOf(response)
      return response
    },
  }
}

/** @throws WarrenError when the status is not 2xx */
async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  const status = response.statusCode ?? 0
  if (status < 200 || status > 299) throw problemError(status, text)
  return text
}
