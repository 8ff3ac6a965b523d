/**
 * The session process as it is shipped, with three things around it: its data services and WhatsApp are reached through proxies of its
 * own, its wall clock can be set, and it leaves its process id where the test finds it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { required } from './child.ts'

const POLL_MS = 100

const folder = required('CHAOS_FOLDER')
const instance = required('WARREN_INSTANCE')

const routes: Record<string, Record<string, string>> = JSON.parse(
  readFileSync(join(folder, 'routes.json'), 'utf8'),
)
Object.assign(process.env, routes[instance])
shiftClock(join(folder, `${instance}.clock`))
if (process.env.CHAOS_RIVAL) process.stdin.on('end', () => process.exit(1)).resume()
else writeFileSync(join(folder, `${instance}.pod`), String(process.pid))
await import(required('CHAOS_SESSION_MAIN'))

/** From now on the wall clock is off by the milliseconds in a file, which may change; the monotonic clock goes on as ever. */
function shiftClock(file: string): void {
  const RealDate = Date
  let offsetMs = 0
  const look = () => {
    try {
      offsetMs = Number(readFileSync(file, 'utf8'))
    } catch {
      offsetMs = 0
    }
  }
  look()
  setInterval(look, POLL_MS).unref()
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, self) =>
      Reflect.construct(target, args.length > 0 ? args : [target.now() + offsetMs], self),
    get: (target, name) => (name === 'now' ? () => target.now() + offsetMs : Reflect.get(target, name)),
  })
}
