// Runs one of Warren's TypeScript entry points, and sees to everything it needs first.
// Plain JavaScript with no dependency, so that a fresh clone works on whatever Node is installed:
//   1. installs the npm packages (among them the Node 24 binary) when they are missing or the lockfile changed,
//   2. runs the entry point on that Node 24 with the remaining arguments.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [entry, ...args] = process.argv.slice(2)

if (process.platform === 'win32') fail('Warren runs on Linux and macOS (on Windows, use WSL).')
if (Number(process.versions.node.split('.')[0]) < 20)
  fail(`Node 20 or later is needed to begin; this is ${process.version}.`)

installPackages()
run()

function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  const stamp = join(root, 'node_modules', '.warren-lock')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock && existsSync(nodeBinary())) return
  console.error('First run: installing packages from the npm registry (about a minute) ...')
  const started = Date.now()
  const npm = process.env.npm_execpath ? [process.execPath, [process.env.npm_execpath]] : ['npm', []]
  const done = spawnSync(npm[0], [...npm[1], 'ci', '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (done.status !== 0)
    fail('npm could not install the packages; its message above says why. Run the command again to retry.')
  if (!existsSync(nodeBinary()))
    fail('The "node" package has no binary: its install script was not allowed to run. Try: npm rebuild node')
  writeFileSync(stamp, lock)
  console.error(`Packages installed in ${Math.round((Date.now() - started) / 1000)} s.`)
}

function nodeBinary() {
  return join(root, 'node_modules', 'node', 'bin', 'node')
}

function run() {
  const child = spawn(nodeBinary(), [join(root, entry), ...args], {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}` },
  })
  // A terminal's Ctrl-C reaches the whole group, a plain kill only this process: pass it on, then end as the child ends.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)
  })
}

function fail(sentence) {
  console.error(`warren: ${sentence}`)
  process.exit(1)
}
