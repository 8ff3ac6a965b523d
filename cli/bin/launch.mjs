// Runs the command line on a Node that reads TypeScript: this one when it is new enough, else the one that the repository installed.
// Plain JavaScript, so that it works on whatever Node a machine has.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * @param {'kubectl-wa' | 'warren'} program under which name it was called
 * @param {string} file URL of the file that was called
 */
export async function launch(program, file) {
  if (Number(process.versions.node.split('.')[0]) >= 24) {
    const { main } = await import(new URL('../src/main.ts', import.meta.url).href)
    return main(program)
  }
  const node = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url))
  if (!existsSync(node)) {
    console.error(
      `${program}: Node 24 is needed, this is ${process.version}; in a checkout, npm ci brings it.`,
    )
    process.exit(1)
  }
  const child = spawn(node, [fileURLToPath(file), ...process.argv.slice(2)], { stdio: 'inherit' })
  // A terminal's Ctrl-C reaches both, a plain kill only this process: pass it on, then end as the child ends.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on('exit', (code) => process.exit(code ?? 130))
}
