/** A real Chromium, driven over its DevTools protocol. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Cleanup, tempDir, until } from '@warren/runtime/testing'

const INSTALL_MS = 300_000
const NAMES = ['chromium', 'chromium-browser', 'google-chrome-for-testing']

/** A tree of the page, into closed shadow roots too. */
export type DomNode = {
  readonly nodeId: number
  readonly nodeName: string
  readonly nodeValue: string
  readonly children?: readonly DomNode[]
  readonly shadowRoots?: readonly DomNode[]
}

export type Page = {
  call<T = Record<string, unknown>>(method: string, params?: object): Promise<T>
  /** Evaluates an expression in the page; promises are awaited. */
  evaluate<T>(expression: string): Promise<T>
  /** The first element of a name whose text contains something; waits for it. */
  element(name: string, text?: string): Promise<DomNode>
  /** A click of the mouse, which counts as a gesture of the user. */
  click(node: DomNode): Promise<void>
}

/**
 * `CHROMIUM`, one on the PATH, or one that is installed with apt when that is possible.
 * @returns its path, or why there is none
 */
export function findChromium(env: NodeJS.ProcessEnv): { path: string } | { missing: string } {
  const onPath = (name: string) =>
    (env.PATH ?? '')
      .split(':')
      .map((folder) => join(folder, name))
      .find((file) => existsSync(file))
  const find = () => env.CHROMIUM ?? NAMES.map(onPath).find((file) => file !== undefined)
  const there = find()
  if (there) return { path: there }
  if (process.getuid?.() !== 0 || !onPath('apt-get'))
    return {
      missing: 'there is no Chromium (set CHROMIUM, or put chromium on the PATH), and apt cannot install one',
    }
  try {
    const options = {
      stdio: 'ignore',
      timeout: INSTALL_MS,
      env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
    } as const
    execFileSync('apt-get', ['update'], options)
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], options)
  } catch (error) {
    return { missing: `there is no Chromium, and apt could not install one: ${(error as Error).message}` }
  }
  const installed = find()
  return installed ? { path: installed } : { missing: 'apt installed a Chromium that is not on the PATH' }
}

/** Starts it with one page; it is stopped after the test. */
export async function openChromium(test: Cleanup, path: string, flags: readonly string[]): Promise<Page> {
  const profile = tempDir(test)
  const child = spawn(
    path,
    [
      ...[
        '--headless=new',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--no-first-run',
      ],
      '--disable-dev-shm-usage',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      ...flags,
      'about:blank',
    ],
    // A group of its own: the command may be a script, and the browser has many processes.
    { stdio: 'ignore', detached: true },
  )
  const exited = new Promise((resolve) => child.once('exit', resolve))
  test.after(async () => {
    try {
      if (child.pid) process.kill(-child.pid, 'SIGKILL')
    } catch {}
    await exited
  })
  const [port, address] = await until(
    () => {
      const lines = readFileSync(join(profile, 'DevToolsActivePort'), 'utf8').split('\n')
      return lines.length >= 2 ? lines : undefined
    },
    { timeoutMs: 60_000, describe: 'Chromium to start' },
  )
  const send = await connect(test, `ws://127.0.0.1:${port}${address}`)
  const { targetInfos } = await send<{ targetInfos: { targetId: string; type: string }[] }>(
    'Target.getTargets',
  )
  const targetId = targetInfos.find(({ type }) => type === 'page')?.targetId
  const { sessionId } = await send<{ sessionId: string }>('Target.attachToTarget', {
    targetId,
    flatten: true,
  })
  return pageOf((method, params) => send(method, params, sessionId))
}

type Send = <T>(method: string, params?: object, sessionId?: string) => Promise<T>
type Answer = { id?: number; result?: unknown; error?: { message: string } }

async function connect(test: Cleanup, url: string): Promise<Send> {
  const socket = new WebSocket(url)
  test.after(() => socket.close())
  const waiting = new Map<number, (answer: Answer) => void>()
  socket.onmessage = ({ data }) => {
    const answer: Answer = JSON.parse(String(data))
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer)
  }
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = () => reject(new Error('Chromium does not take the connection'))
  })
  let last = 0
  return (method, params = {}, sessionId) =>
    new Promise((resolve, reject) => {
      const id = ++last
      waiting.set(id, ({ result, error }) => {
        waiting.delete(id)
        if (error) reject(new Error(`${method}: ${error.message}`))
        else resolve(result as never)
      })
      socket.send(JSON.stringify({ id, method, params, ...(sessionId ? { sessionId } : {}) }))
    })
}

function pageOf(call: Page['call']): Page {
  const withText = (node: DomNode): string =>
    node.nodeValue + [...(node.children ?? []), ...(node.shadowRoots ?? [])].map(withText).join(' ')

  function find(node: DomNode, name: string, text: string): DomNode | undefined {
    if (node.nodeName.toLowerCase() === name && withText(node).includes(text)) return node
    for (const child of [...(node.shadowRoots ?? []), ...(node.children ?? [])]) {
      const found = find(child, name, text)
      if (found) return found
    }
    return undefined
  }

  return {
    call,
    async evaluate<T>(expression: string) {
      const { result, exceptionDetails } = await call<{
        result: { value: T }
        exceptionDetails?: { text: string }
      }>('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
      if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.text}`)
      return result.value
    },
    element: (name, text = '') =>
      until(
        async () => {
          const { root } = await call<{ root: DomNode }>('DOM.getDocument', { depth: -1, pierce: true })
          return find(root, name, text)
        },
        { timeoutMs: 20_000, everyMs: 100, describe: `<${name}> with ${JSON.stringify(text)}` },
      ),
    async click({ nodeId }) {
      const { model } = await call<{ model: { content: number[] } }>('DOM.getBoxModel', { nodeId })
      const [left = 0, top = 0, , , right = 0, bottom = 0] = model.content
      const at = { x: (left + right) / 2, y: (top + bottom) / 2, button: 'left', clickCount: 1 }
      await call('Input.dispatchMouseEvent', { type: 'mousePressed', ...at })
      await call('Input.dispatchMouseEvent', { type: 'mouseReleased', ...at })
    },
  }
}
