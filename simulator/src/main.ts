import { existsSync } from 'node:fs'
import { parseArgs, styleText } from 'node:util'
import { createSimulator, type SimulatorAddresses } from './index.ts'

const USAGE = `Usage: npm run simulator -- [options]

  --port N           port of the WebSocket (default: a free one)
  --control-port N   port of the control API (default: a free one)
  --media-port N     port of media downloads (default: a free one)
  --media-tls-port N port of media over TLS (default: a free one)
  --host ADDRESS     address to listen on (default: 127.0.0.1; anyone who reaches it may control it)
  --public-host NAME name or address that clients are told, when it is another one
  --state FILE       keep accounts, keys, queues and the ledger in FILE between runs
  --plenty-prekeys   tell clients that they have enough pre-keys, so that they upload none (load tests)
  --verbose          say what is odd
  --help             this text
`

const fail = (message: string): never => {
  process.stderr.write(`${message}\n\n${USAGE}`)
  process.exit(2)
}

const readOptions = () => {
  try {
    return parseArgs({
      options: {
        port: { type: 'string' },
        'control-port': { type: 'string' },
        'media-port': { type: 'string' },
        'media-tls-port': { type: 'string' },
        host: { type: 'string' },
        'public-host': { type: 'string' },
        state: { type: 'string' },
        'plenty-prekeys': { type: 'boolean' },
        verbose: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
}

const portOf = (name: string, text: string | undefined): number => {
  const port = Number(text ?? 0)
  return Number.isInteger(port) && port >= 0 && port <= 65_535
    ? port
    : fail(`--${name} must be a port number`)
}

/** Not beside a bundle, in an image: programs on other machines have no use for its path. */
const PRELOAD = new URL('./preload.ts', import.meta.url)

const preloadHint = (controlUrl: string): string => `
${styleText('dim', 'Point any Baileys program at it:')}
  WARREN_SIMULATOR=${controlUrl} node --import ${PRELOAD} app.js
`

const welcome = ({ webSocketUrl, controlUrl, mediaUrl }: SimulatorAddresses): string => {
  const dim = (text: string) => styleText('dim', text)
  return `
${styleText('bold', 'Warren simulator')}: an open WhatsApp server for machines

  clients connect to  ${webSocketUrl}
  control API         ${styleText('cyan', controlUrl)}
  media downloads     ${mediaUrl}
${existsSync(PRELOAD) ? preloadHint(controlUrl) : ''}
${dim('Make a phone, scan the QR that the program shows, write to it, see what arrived:')}
  curl -s ${controlUrl}/phones -d '{"number":"491701234567","pushName":"Ada"}'
  curl -s ${controlUrl}/phones/491701234567/scan -d '{"qr":"…"}'
  curl -s ${controlUrl}/contacts/491707654321/messages -d '{"to":"491701234567","text":"hello"}'
  curl -s ${controlUrl}/ledger

${dim('Ctrl-C stops it.')}
`
}

const options = readOptions()
if (options.help) {
  process.stdout.write(USAGE)
} else {
  const simulator = createSimulator({
    port: portOf('port', options.port),
    controlPort: portOf('control-port', options['control-port']),
    ...(options['media-port'] || options['media-tls-port']
      ? {
          mediaPorts: {
            plain: portOf('media-port', options['media-port']),
            secure: portOf('media-tls-port', options['media-tls-port']),
          },
        }
      : {}),
    host: options.host,
    publicHost: options['public-host'],
    stateFile: options.state,
    prekeyCount: options['plenty-prekeys'] ? 'plenty' : 'stored',
    log: options.verbose ? (line) => process.stderr.write(`${line}\n`) : undefined,
  })
  const stop = async () => {
    await simulator.stop()
    process.exit(0)
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  const addresses = await simulator.start().catch((error) => fail(`cannot start: ${error.message}`))
  process.stdout.write(welcome(addresses))
}
