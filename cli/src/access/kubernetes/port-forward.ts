/**
 * A TCP connection to a port of a pod through the API server: `pods/portforward` over a WebSocket. Every binary frame begins with the
 * number of its channel, 0 for data and 1 for an error; the first frame of each channel holds the port as two bytes and is dropped.
 */
import { Duplex } from 'node:stream'
import { WarrenError } from '@warren/contracts'
import { type RawData, WebSocket } from 'ws'

const SUBPROTOCOL = 'v4.channel.k8s.io'
const DATA = 0
const ERROR = 1
/** For the answer to the upgrade. */
const OPEN_MS = 15_000

/**
 * @param url `wss://…/portforward?ports=N`
 * @param options TLS and authorization, as `https.request` takes them
 * @param refused makes an error of an answer that is not an upgrade
 * @throws what `refused` makes; WarrenError `dependency_unavailable` when nobody answers
 */
export function openPortForward(
  url: string,
  options: object,
  refused: (status: number, body: string) => Promise<Error>,
): Promise<Duplex> {
  const socket = new WebSocket(url, [SUBPROTOCOL], { ...options, handshakeTimeout: OPEN_MS })
  return new Promise((resolve, reject) => {
    socket.once('unexpected-response', (_request, response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text) => (body += text))
      response.once('end', () => void refused(response.statusCode ?? 0, body).then(reject, reject))
    })
    socket.once('open', () => resolve(connectionOver(socket)))
    // It stays: an error without a listener would end the process.
    socket.on('error', (cause) =>
      reject(
        new WarrenError('dependency_unavailable', `Kubernetes does not answer: ${cause.message}`, { cause }),
      ),
    )
  })
}

function connectionOver(socket: WebSocket): Duplex {
  const begun = new Set<number>()
  const connection = new Duplex({
    read: () => socket.resume(),
    write(chunk: Buffer, _encoding, done) {
      socket.send(Buffer.concat([Buffer.of(DATA), chunk]), { binary: true }, (error) => done(error ?? null))
    },
    // There is no half-closed state in this protocol: what was written has left, and the answer is still to come.
    final: (done) => done(),
    destroy(error, done) {
      socket.close()
      done(error)
    },
  })
  // Whoever uses it listens as well; between its opening and that nobody does.
  connection.on('error', () => {})
  socket.on('message', (data: RawData) => {
    const frame = data as Buffer
    const channel = frame[0] ?? DATA
    if (!begun.has(channel)) return void begun.add(channel)
    const bytes = frame.subarray(1)
    if (channel === ERROR) connection.destroy(unreachable(bytes.toString()))
    else if (channel === DATA && !connection.push(bytes)) socket.pause()
  })
  socket.on('close', () => {
    connection.push(null)
    connection.end()
  })
  return connection
}

/** The kubelet's words: the container does not run, or nothing listens there. */
function unreachable(said: string): WarrenError {
  return new WarrenError(
    'session_unavailable',
    `Nothing answers behind the forwarded port. The node says: ${said.trim()}`,
  )
}
