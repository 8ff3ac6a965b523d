/** What a pod of the node agent's test runs: serves on its pod IP, is ready once told to, and ends when told to. */

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const { POD_IP, GREETING, PASSWORD_FILE } = process.env
let ready = false
createServer((request, response) => {
  if (request.url === '/become-ready') ready = true
  if (request.url === '/crash') process.exit(3)
  if (request.url === '/secret') return response.end(readFileSync(PASSWORD_FILE ?? '', 'utf8'))
  response.statusCode = request.url === '/ready' && !ready ? 503 : 200
  response.end(GREETING)
}).listen(8080, POD_IP, () => console.log(`serving on ${POD_IP}`))
process.on('SIGTERM', () => process.exit(0))
