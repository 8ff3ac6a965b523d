import { parseArgs, styleText } from 'node:util'
import { createSimulator, type SimulatorAddresses } from './index.ts'

const USAGE = `Usage: npm run simulator -- [options]

  --port N           port of the WebSocket (default: a free one)
  --control-port N   port of the control API (default: a free one)
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

const welcome = ({ webSocketUrl, controlUrl, mediaUrl }: SimulatorAddresses): string => {
  const dim = (text: string) => styleText('dim', text)
  return `
${styleText('bold', 'Warren simulator')}: an open WhatsApp server for machines

  clients connect to  ${webSocketUrl}
  control API         ${styleText('cyan', controlUrl)}
  media downloads     ${mediaUrl}

${dim('Point any Baileys program at it:')}
  WARREN_SIMULATOR=${controlUrl} node --import ${import.meta.resolve('./preload.ts')} app.js

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
