import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type Listener, listen } from '../net/listen.ts'
import { Refusal } from '../world/errors.ts'
import { matchPath, ROUTES } from './routes.ts'
import type { SimulatorOperations } from './types.ts'

const MAX_BODY_BYTES = 32 * 1024 * 1024

const readJson = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw new Refusal('invalid_request', 'the body is larger than 32 MB')
    chunks.push(chunk)
  }
  if (size === 0) return {}
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString())
    if (typeof body === 'object' && body !== null && !Array.isArray(body))
      return body as Record<string, unknown>
  } catch {
    // Answered below, like a body that is JSON but no object.
  }
  throw new Refusal('invalid_request', 'the body must be a JSON object', 'body')
}

const respond = (response: ServerResponse, status: number, body: unknown) => {
  if (body === undefined) return response.writeHead(204).end()
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const respondError = (response: ServerResponse, error: unknown, log: (line: string) => void) => {
  if (error instanceof Refusal) {
    const { code, message, field } = error
    return respond(response, error.status, { error: { code, message, field } })
  }
  log(`control request failed: ${error instanceof Error ? error.stack : String(error)}`)
  respond(response, 500, { error: { code: 'internal', message: 'see the log of the simulator' } })
}

/** The HTTP form of the operations: JSON in, JSON out, 204 for nothing, errors as `{error: {code, message, field}}`. */
export const startControlServer = (
  operations: SimulatorOperations,
  { host, port, log }: { host: string; port: number; log: (line: string) => void },
): Promise<Listener> => {
  const answer = async (request: IncomingMessage) => {
    // Only browsers send it, and no page that happens to be open may steer a server without passwords.
    if (request.headers.origin)
      throw new Refusal('invalid_request', 'requests of web pages are refused', 'origin')
    const url = new URL(request.url ?? '/', 'http://localhost')
    for (const route of ROUTES) {
      const params = route.method === request.method ? matchPath(route.path, url.pathname) : undefined
      if (!params) continue
      const body = await readJson(request)
      return route.run(operations, { params, query: Object.fromEntries(url.searchParams), body })
    }
    throw new Refusal('not_found', `no such operation: ${request.method} ${url.pathname}`)
  }
  const server = createServer((request, response) => {
    answer(request).then(
      (body) => respond(response, 200, body),
      (error) => respondError(response, error, log),
    )
  })
  return listen(server, host, port)
}
