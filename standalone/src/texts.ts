import { relative } from 'node:path'
import { instanceIdOf } from '@warren/contracts'
import type { Environment } from '@warren/runtime/embedded'
import type { Warren } from './boot/warren.ts'
import { CONTACT } from './demo/people.ts'
import type { Options } from './options.ts'
import type { Terminal } from './terminal.ts'

/** What to do next: addresses, the sign-in, and lines to copy. */
export async function showReady(terminal: Terminal, warren: Warren, tookMs: number): Promise<void> {
  const { url, owner, folder, simulator, healthUrl } = warren
  const here = (path: string) => relative(process.cwd(), path) || '.'
  const [first] = (await warren.cluster.instances.list({ organization: owner.organization, limit: 1 })).items
  const instance = first ? instanceIdOf(first.metadata) : 'default.NAME'
  const to = simulator ? CONTACT.number : 'PHONE_NUMBER'
  terminal.heading(`Ready in ${(tookMs / 1_000).toFixed(1)} s`)
  terminal.row('API', `${url}/api/v1`)
  terminal.row('Docs', `${url}/docs`)
  terminal.row('Health', `${url}/health`)
  terminal.row('Metrics', `${healthUrl}/metrics`)
  if (simulator) terminal.row('Simulator', simulator.controlUrl)
  terminal.row('Instances', `${here(folder.instances)}/*.yaml`)
  terminal.row('Logs', `${here(folder.logs)}/`)
  terminal.row('Sign-in', `${owner.email}  ${owner.password}`)
  terminal.heading('Try')
  if (!first) terminal.line(`  cp examples/instances/demo.yaml ${here(folder.instances)}/`)
  const json = `-H 'content-type: application/json'`
  const credentials = JSON.stringify({ email: owner.email, password: owner.password })
  const token = `TOKEN=$(curl -s ${url}/api/v1/auth/login ${json} -d '${credentials}' | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')`
  const bearer = `-H "authorization: Bearer $TOKEN"`
  const message = JSON.stringify({ to, type: 'text', text: 'Hello' })
  terminal.line(`  ${token}`)
  terminal.line(`  curl -s ${url}/api/v1/instances/${instance}/messages ${bearer}`)
  terminal.line(`  curl -s ${url}/api/v1/instances/${instance}/messages ${bearer} ${json} -d '${message}'`)
  for (const { file, count } of warren.logs.troubles())
    terminal.warn(`${count} ${count === 1 ? 'warning' : 'warnings'} in ${here(file)}`)
  terminal.line()
  terminal.line(terminal.style('dim', '  Ctrl-C stops everything; the next start goes on from here.'))
}

export function showClosing(terminal: Terminal): void {
  terminal.line()
  terminal.line('  Stopping …')
}

/** The configuration as it would be used; addresses of given services without their passwords. */
export function showConfig(terminal: Terminal, options: Options, env: Environment): void {
  const given = (name: string) => (env[name] ? redactedUrl(env[name]) : null)
  const config = {
    mode: options.mode,
    port: options.port,
    dataDir: options.dataDir,
    MONGODB_URI: given('MONGODB_URI'),
    REDIS_URL: given('REDIS_URL'),
    S3_ENDPOINT: given('S3_ENDPOINT'),
  }
  terminal.line(JSON.stringify(config, undefined, 2))
}

function redactedUrl(text: string): string {
  return text.replace(/\/\/[^@/]*@/, '//[redacted]@')
}
